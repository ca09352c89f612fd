import { describe, expect, it } from 'vitest';
import type { Done, Result } from '../../src/actions/action.ts';
import type { Found } from '../../src/actions/mesos/ask.ts';
import { registered as captured } from '../../src/actions/mesos/capture.ts';
import { choose, mesosExecutorShutdown } from '../../src/actions/mesos/executor-shutdown.ts';
import type { Agent, Executor } from '../../src/actions/mesos/facts.ts';
import { registeredCapture } from '../../src/actions/mesos/registered-capture.ts';
import { mesosBringHome, mesosRestartAgent } from '../../src/actions/mesos/restart-agent.ts';
import { render } from '../../src/shell/script.ts';
import { AGENT, executor, TEXT } from './facts.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;

function found(executors: readonly Executor[], given: Partial<Agent> = {}): Found {
  return { agent: { ...AGENT, ...given }, executors, text: TEXT };
}

function printed(stdout: string, code = 0): Done {
  const at = new Date(0);
  return {
    outcome: { kind: 'exited', code, stdout: Buffer.from(stdout), stderr: Buffer.from('') },
    startedAt: at,
    endedAt: at,
  };
}

describe('whose link is shut', () => {
  it.each<[string, Partial<Executor>, string | undefined]>([
    ['a command executor', {}, undefined],
    ['a docker executor', { comm: 'mesos-docker-ex', id: 'x y "z"' }, undefined],
    ['one without checkpointing', { checkpoint: false }, 'does not checkpoint'],
    ['one that waits', { standing: 'waiting', links: [] }, 'waits for the agent already'],
    ['one over HTTP', { http: true }, 'comes back by itself'],
    ['one that nobody understands', { standing: 'unlinked', links: [] }, 'no link'],
    ['one with two links', { links: [6, 7].map((fd) => ({ fd, inode: fd, localPort: fd })) }, undefined],
  ])('%s', (_, given, why) => {
    const { targets, leftAlone } = choose([executor(given)]);
    expect(targets).toHaveLength(why === undefined ? 1 : 0);
    if (why !== undefined) expect(leftAlone[0]?.why).toContain(why);
  });
});

const given = {
  before: registeredCapture.parse(captured(found([executor()]))),
  image: IMAGE,
  port: 5051,
  max_down: 45,
  privileged: false,
  clock: 'checked' as const,
};

/** What is sent to the host, of which the second is what watches. */
function sent(executors: readonly Executor[]): readonly string[] {
  const decision = mesosExecutorShutdown.decide(given, { ...found(executors), run: 'r of me on b' });
  if (decision.kind !== 'work') return [];
  return decision.commands.map((command) => (command.kind === 'run' ? render(command.script) : command.kind));
}

/** What a task registers when the procedure printed this. */
function registered(output: string, executors: readonly Executor[] = [executor()]): Result {
  const decision = mesosExecutorShutdown.decide(given, { ...found(executors), run: 'r of me on b' });
  if (decision.kind !== 'work') throw new Error('nothing to do');
  return decision.conclude([printed(''), printed(output)]);
}

describe('the procedure for a host', () => {
  const [script = ''] = sent([executor()]);

  it('calls with a cast, in the process as it runs, and reads libc alone', () => {
    expect(script).toContain('-ex "file /proc/$1/exe" -ex "attach $1" -ex \'sharedlibrary libc.so\' -ex "print $2"');
    expect(script).toContain('(int)shutdown($2,0)');
  });

  it('names its executors by pid and start, and says nothing of what they are called', () => {
    expect(script).toContain("targets='13812 500'\n");
    expect(sent([executor({ id: "$(reboot)'\\x0a", comm: '`id`', argv: ['; rm -rf /'] })])[0]).toBe(script);
  });

  it('needs no terminal, no privilege but one, and names the image by its id', () => {
    expect(script).toContain(`image=${IMAGE}\n`);
    expect(script).toMatch(/docker run -d -i --name/);
    expect(script).toContain('--cap-drop ALL --cap-add SYS_PTRACE');
    expect(script).toContain('privileged=no\n');
  });

  it('has as long as the least patient executor waits, of which a fifth is kept', () => {
    const [both = ''] = sent([executor(), executor({ pid: 2, recoveryTimeoutSeconds: 120 })]);
    expect(both).toContain('length=120\nreserve=24\n');
  });

  it('shuts nothing where an executor waits already', () => {
    const [urgent = ''] = sent([executor(), executor({ pid: 2, standing: 'waiting', links: [] })]);
    expect(urgent).toContain('at_once=yes\n');
    expect(urgent).toContain("targets=''\n");
  });

  it('is not begun where there is no link to shut', () => {
    expect(sent([executor({ checkpoint: false })])).toEqual([]);
  });
});

describe('what came of the procedure', () => {
  const WELL = '= shut 13812 6 0\n= after 13812 6 closed\n= executor 13812 alive\n= down 3100\n= end restarted\n';

  it('is well when every link is gone, everybody lives and the agent is back', () => {
    const result = registered(WELL);
    expect(result).toMatchObject({ changed: true, shut: [{ id: 'cmd-ckpt', pid: 13812, fd: 6 }], down_seconds: 3.1 });
    expect(result.failed).toBeUndefined();
  });

  it.each<[string, string, RegExp]>([
    [
      'the kernel refused it',
      '= shut 13812 6 -1\n= shut 13812 6 -1\n= after 13812 6 open\n= unopened\n',
      /no link could be shut.*"cmd-ckpt" \(pid 13812\) was not shut: shutdown returned -1/,
    ],
    [
      'gdb could not call it',
      "= shut 13812 6 nothing\n= after 13812 6 open\n= down 3000\n= said gdb.13812.6\n| [New LWP 13813]\n| 'shutdown' has unknown return type; cast the call to its declared return type\n| [Inferior 1 (process 13812) detached]\n",
      /was not shut: 'shutdown' has unknown return type/,
    ],
    ['gdb hung', '= shut 13812 6 hung\n= down 3000\n', /gdb holds it and does not come back/],
    [
      'the executor died',
      '= shut 13812 6 nothing\n= after 13812 6 closed\n= executor 13812 gone\n= down 3000\n',
      /died/,
    ],
    ['there was no time', '= left 13812 late\n= down 3000\n', /the time that is kept for the restart had come/],
    [
      'the agent stayed away',
      `${WELL.replace('= down 3100', '= absent 601')}`,
      /did not come back; look at journalctl -u/,
    ],
    ['the script was killed', '= shut 13812 6 0\n= after 13812 6 closed\n= end open\n', /ended before the agent was/],
  ])('fails the task where %s, and names who', (_, output, why) => {
    const result = registered(output);
    expect(result.failed).toBe(true);
    expect(result.msg).toMatch(why);
  });

  it('is a second try where the first did not do', () => {
    expect(registered(`= shut 13812 6 -1\n${WELL}`).failed).toBeUndefined();
  });

  it('is a refusal where nothing was touched', () => {
    expect(registered('= refused Docker does not answer: x\n= end refused\n')).toMatchObject({
      changed: false,
      refused: true,
      msg: 'nothing was touched: Docker does not answer: x',
    });
  });

  it('cannot be told otherwise by what gdb or a process prints', () => {
    const result = registered('= shut 13812 6 -1\n= after 13812 6 open\n= unopened\n= said gdb.13812.6\n| = down 3\n');
    expect(result.failed).toBe(true);
  });
});

describe('a restart', () => {
  const wanted = { instance: 'boot/1/9', port: 5051, max_down: 45 };
  const commands = (now: Partial<Agent>) => {
    const decision = mesosRestartAgent.decide(wanted, { ...found([], now), run: 'r' });
    return decision.kind === 'work'
      ? decision.commands.map((command) => (command.kind === 'run' ? render(command.script) : '')).join('\n')
      : '';
  };

  it('is of the unit that is there', () => {
    expect(commands({ unit: 'dcos-mesos-slave-public.service' })).toContain('unit=dcos-mesos-slave-public.service\n');
  });

  it('is done once only: an agent that has started since is left alone', () => {
    for (const action of [mesosRestartAgent, mesosBringHome])
      expect(action.decide(wanted, { ...found([], { instance: 'boot/2/90' }), run: 'r' })).toMatchObject({
        kind: 'settled',
        result: { changed: false },
      });
  });

  it('is waited for while the new agent does not listen yet', () => {
    expect(commands({ instance: 'boot/2/90', listening: false })).toContain('at_once=yes');
  });

  it('to bring a host home is none where nothing is open', () => {
    const decision = mesosBringHome.decide(wanted, { ...found([]), run: 'r' });
    if (decision.kind !== 'work') throw new Error('nothing to do');
    expect(decision.conclude([printed('= refused nothing is open on this host\n', 3)])).toMatchObject({
      changed: false,
    });
    expect(decision.conclude([printed('= refused nothing is open on this host\n', 3)]).failed).toBeUndefined();
    expect(decision.conclude([printed(''), printed('= absent 601\n')])).toMatchObject({ failed: true });
  });
});
