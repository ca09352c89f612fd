import { describe, expect, it } from 'vitest';
import type { Done } from '../../src/actions/action.ts';
import type { Found } from '../../src/actions/mesos/ask.ts';
import type { Agent, Executor } from '../../src/actions/mesos/facts.ts';
import { judge, shutScript } from '../../src/actions/mesos/gdb.ts';
import { mesosRestartAgent } from '../../src/actions/mesos/restart-agent.ts';
import { choose, mesosShutdownSockets } from '../../src/actions/mesos/shutdown-sockets.ts';
import { compare, mesosVerify } from '../../src/actions/mesos/verify.ts';
import { render } from '../../src/shell/script.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;

function executor(given: Partial<Executor> = {}): Executor {
  return {
    pid: 13812,
    start: 500,
    id: 'cmd-ckpt',
    framework: 'f',
    comm: 'mesos-executor',
    argv: ['mesos-executor'],
    http: false,
    checkpoint: true,
    recoveryTimeout: '15mins',
    standing: 'linked',
    links: [{ fd: 6, inode: 700, localPort: 60498 }],
    ...given,
  };
}

const agent: Agent = {
  unit: 'dcos-mesos-slave.service',
  state: 'active',
  pid: 1,
  start: 9,
  instance: 'boot/1/9',
  listening: true,
};
const text = { version: 'mesos 1.0.3', docker: '', netstat: '', count: '1' };

function found(executors: readonly Executor[], given: Partial<Agent> = {}): Found {
  return { agent: { ...agent, ...given }, executors, text };
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
    ['one with three links', { links: [6, 7, 8].map((fd) => ({ fd, inode: fd, localPort: fd })) }, '3 links'],
  ])('%s', (_, given, why) => {
    const { targets, leftAlone } = choose([executor(given)]);
    expect(targets).toHaveLength(why === undefined ? 1 : 0);
    if (why !== undefined) expect(leftAlone[0]?.why).toContain(why);
  });
});

describe('the command', () => {
  const script = render(shutScript([{ executor: executor(), link: { fd: 6, inode: 700, localPort: 1 } }], IMAGE));

  it('calls with a cast, by descriptor, in the process as it runs', () => {
    expect(script).toContain("'call (int)shutdown(6,0)'");
    expect(script).toContain("'file /proc/13812/exe'");
  });

  it('looks at the descriptor once more just before', () => {
    expect(script).toContain('if [ "$(readlink /proc/13812/fd/6)" = \'socket:[700]\' ]');
  });

  it('needs no terminal, and names the image by its id', () => {
    expect(script).not.toMatch(/docker run .*-\w*t /);
    expect(script).toContain(` ${IMAGE} gdb `);
  });

  it('says nothing of what executors are called', () => {
    const hostile = executor({ id: "$(reboot)'\\x0a", comm: '`id`', argv: ['; rm -rf /'] });
    const named = render(shutScript([{ executor: hostile, link: { fd: 6, inode: 700, localPort: 1 } }], IMAGE));
    expect(named).toBe(script);
  });
});

/** What gdb 13.1 printed for live executors. */
const ATTACHED =
  '[New LWP 13813]\n[Thread debugging using libthread_db enabled]\n0x00007f79ac4a3f16 in ?? () from /lib/x86_64-linux-gnu/libc.so.6\n';

describe('a shutdown', () => {
  const target = { executor: executor(), link: { fd: 6, inode: 700, localPort: 1 } };
  const other = { executor: executor({ pid: 13540, id: 'dk' }), link: { fd: 7, inode: 701, localPort: 2 } };

  it.each<[string, string, number | undefined]>([
    ['done', `${ATTACHED}$1 = 0\n[Inferior 1 (process 13812) detached]`, 0],
    ['refused by the kernel', `${ATTACHED}$1 = -1\n[Inferior 1 (process 13812) detached]`, -1],
    [
      'not even called',
      `${ATTACHED}'shutdown' has unknown return type; cast the call to its declared return type\n[Inferior 1 (process 13812) detached]`,
      undefined,
    ],
    ['without symbols', 'No symbol table is loaded.  Use the "file" command.', undefined],
    ['without an attach', "ptrace: Operation not permitted.\nYou can't do that without a process to debug.", undefined],
  ])('that was %s is judged by what was printed', (_, said, returned) => {
    expect(judge([target], `GNU gdb\n@rollgate-shutdown 13812 6\n${said}\n`)[0]?.returned).toBe(returned);
  });

  it('is judged for each executor by itself', () => {
    const output = `@rollgate-shutdown 13812 6\n${ATTACHED}$1 = 0\n@rollgate-shutdown 13540 7\nptrace: No such process.\n`;
    expect(judge([target, other], output).map(({ returned }) => returned)).toEqual([0, undefined]);
  });

  it('fails the task when one call failed, and names it', () => {
    const decision = mesosShutdownSockets.decide(
      { image: IMAGE, port: 5051 },
      found([target.executor, executor({ pid: 2, id: 'left', checkpoint: false })]),
    );
    if (decision.kind !== 'work') throw new Error('nothing to do');
    const result = decision.conclude([printed(`@rollgate-shutdown 13812 6\n${ATTACHED}$1 = -1\n`)]);
    expect(result).toMatchObject({ failed: true, changed: false, left_alone: [{ id: 'left', pid: 2 }] });
    expect(result.msg).toContain('"cmd-ckpt" (pid 13812): shutdown returned -1');
  });

  it('took when the socket is gone and the executor is there', () => {
    const before = found([executor()]);
    const given = { image: IMAGE, port: 5051 };
    expect(
      mesosShutdownSockets.verify?.(given, before, found([executor({ standing: 'waiting', links: [] })])),
    ).toBeUndefined();
    expect(mesosShutdownSockets.verify?.(given, before, before)).toContain('still holds its link');
    expect(mesosShutdownSockets.verify?.(given, before, found([]))).toContain('is gone');
    expect(
      mesosShutdownSockets.verify?.(given, before, found([executor({ start: 501, standing: 'waiting', links: [] })])),
    ).toContain('is gone');
  });
});

describe('a restart', () => {
  const given = { instance: 'boot/1/9', port: 5051, wait: 60 };
  const commands = (now: Partial<Agent>) => {
    const decision = mesosRestartAgent.decide(given, found([], now));
    return decision.kind === 'work'
      ? decision.commands.map((command) => (command.kind === 'run' ? render(command.script) : '')).join('\n')
      : '';
  };

  it('is of the unit that is there', () => {
    expect(commands({ unit: 'dcos-mesos-slave-public.service' })).toContain(
      'systemctl restart dcos-mesos-slave-public.service',
    );
  });

  it('is done once only: an agent that has started since is left alone', () => {
    expect(mesosRestartAgent.decide(given, found([], { instance: 'boot/2/90' }))).toMatchObject({
      kind: 'settled',
      result: { changed: false },
    });
  });

  it('is waited for, not repeated, while the new agent does not listen yet', () => {
    const script = commands({ instance: 'boot/2/90', listening: false });
    expect(script).not.toContain('restart');
    expect(script).toContain('is-active');
  });

  it('is also a start, when no agent runs', () => {
    expect(commands({ instance: '', state: 'failed', pid: 0 })).toContain('systemctl restart');
  });
});

describe('a comparison', () => {
  const before = found([executor()]);
  const after = { instance: 'boot/2/90' };
  const fresh = [{ fd: 7, inode: 900, localPort: 60774 }];
  const names = (executors: readonly { readonly id: string }[]) => executors.map(({ id }) => id);

  it.each<
    [
      string,
      readonly Executor[],
      readonly Executor[],
      Partial<Record<keyof ReturnType<typeof compare>, readonly string[]>>,
    ]
  >([
    ['back on a new link', [executor()], [executor({ links: fresh })], { relinked: ['cmd-ckpt'] }],
    ['alive on its old link, which proves nothing', [executor()], [executor()], { waiting: ['cmd-ckpt'] }],
    ['alive and waiting', [executor()], [executor({ standing: 'waiting', links: [] })], { waiting: ['cmd-ckpt'] }],
    ['lost', [executor()], [], { lost: ['cmd-ckpt'] }],
    [
      'lost, its pid taken by another',
      [executor()],
      [executor({ start: 777, links: fresh })],
      { lost: ['cmd-ckpt'], fresh: ['cmd-ckpt'] },
    ],
    ['gone, as foretold', [executor({ checkpoint: false })], [], { gone: ['cmd-ckpt'] }],
    ['no executor but what one left behind', [], [executor({ standing: 'unlinked', links: [] })], {}],
    ['new', [], [executor({ links: fresh })], { fresh: ['cmd-ckpt'] }],
  ])('names who is %s', (_, earlier, now, expected) => {
    const result = compare(asRegistered(found(earlier)), found(now, after));
    const given = Object.fromEntries(
      Object.entries(result)
        .map(([kind, who]) => [kind, names(who)])
        .filter(([, who]) => who?.length),
    );
    expect(given).toEqual(expected);
  });

  it('takes an old link for a link where the agent was not restarted', () => {
    expect(names(compare(asRegistered(before), before).relinked)).toEqual(['cmd-ckpt']);
  });

  it.each<[string, readonly Executor[], boolean]>([
    ['all are back', [executor({ links: fresh })], false],
    ['one is lost', [], true],
    ['one is not linked', [executor()], true],
  ])('fails or not when %s', (_, now, failed) => {
    const decision = mesosVerify.decide({ before: asRegistered(before), port: 5051, wait: 0 }, found(now, after));
    if (decision.kind !== 'settled') throw new Error('work');
    expect(decision.result.failed === true).toBe(failed);
    expect(Array.isArray(decision.result.lost) && decision.result.lost.length > 0).toBe(now.length === 0);
  });
});

function asRegistered({ agent: { instance }, executors }: Found) {
  return {
    agent: { instance },
    executors: executors.map(({ pid, start, id, checkpoint, http, standing, links }) => ({
      pid,
      start,
      id,
      checkpoint,
      http,
      standing,
      links: links.map(({ inode }) => ({ inode })),
    })),
  };
}
