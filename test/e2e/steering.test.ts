import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sshdMissing } from '../sshd/sshd.ts';
import { type Call, type Desk, type Ended, ended, held, outcomes } from './desk.ts';
import { deskForAll, deskForEach } from './desks.ts';

const HOSTS = ['a ansible_host=127.2.0.1', 'b ansible_host=127.2.0.2'];

const PLAYBOOK = `
- name: Roll
  hosts: all
  tasks:
    - name: first
      shell: echo first >> {{ site }}/{{ inventory_hostname }}
    - name: slow
      shell: echo slow >> {{ site }}/{{ inventory_hostname }}; ${held('{{ site }}/{{ inventory_hostname }}-go')}
    - name: last
      shell: echo last >> {{ site }}/{{ inventory_hostname }}
`;

describe.skipIf(sshdMissing())('a run that is steered', () => {
  let desk: Desk;
  deskForEach(HOSTS, (given) => {
    desk = given;
  });

  const say = (...args: readonly string[]): Promise<Ended> => desk.start([...args, '--reason', 'because']).ended;
  const runId = () => basename(desk.run);

  async function atSlow(...hosts: readonly string[]): Promise<Call> {
    const call = desk.play(PLAYBOOK);
    await Promise.all(hosts.map((host) => call.printed('held', host)));
    return call;
  }

  it('is paused, and goes on, through a socket that only its owner may use', async () => {
    const call = await atSlow('a', 'b');
    expect((statSync(join(desk.run, 'control.sock')).mode & 0o777).toString(8)).toBe('600');
    expect(await say('pause')).toMatchObject({ code: 0, stderr: '' });
    expect(await say('pause')).toMatchObject({ code: 65, stderr: expect.stringContaining('has been paused since') });
    desk.release('a-go');
    desk.release('b-go');
    await call.event(({ type, host, task }) => type === 'step_finished' && host === 'a' && task === 'slow');
    await call.event(({ type, host, task }) => type === 'step_finished' && host === 'b' && task === 'slow');
    const status = JSON.parse((await desk.start(['status', '--format', 'json']).ended).stdout);
    expect(status).toMatchObject({
      state: 'running',
      paused: { reason: 'because', aborted: false },
      plays: [{ batches: [{ hosts: { waiting: ['a', 'b'] } }] }],
    });
    const explained = await desk.start(['explain', runId(), 'a']).ended;
    expect(explained.stdout).toMatch(
      /^FAIL {2}nobody has said to wait: paused since .*because\n {6}rollgate continue /m,
    );
    expect(call.events.some(({ task }) => task === 'last')).toBe(false);
    expect((await say('continue')).code).toBe(0);
    expect((await call.ended).code).toBe(0);
    expect(desk.left('a')).toBe('first\nslow\nlast\n');
    expect(existsSync(join(desk.run, 'control.sock'))).toBe(false);
    const told = call.events.filter(({ type }) => type === 'run_paused' || type === 'run_continued');
    expect(told).toMatchObject([
      { by: { user: expect.any(String), bastion: expect.any(String) } },
      { reason: 'because' },
    ]);
  });

  it('lets go of a step that is forced, and ends its command on the host', async () => {
    const call = await atSlow('a', 'b');
    desk.release('b-go');
    expect((await say('force', runId(), 'a', 'slow')).code).toBe(0);
    expect((await call.ended).code).toBe(0);
    expect(desk.left('a')).toBe('first\nslow\nlast\n');
    expect(outcomes(call.events)).not.toContain('a slow changed');
    expect(readFileSync(join(desk.run, 'hosts/a.log'), 'utf8')).toMatch(
      /\*\* a: "slow" \(1\.tasks\.2\) taken as complete by .*: because/,
    );
    const again = await desk.start(['resume', '--yes']).ended;
    expect(again.stdout).toContain('nothing is left to do');
  });

  it('is aborted, and resumed waits for a word', async () => {
    const call = await atSlow('a', 'b');
    expect((await say('abort')).code).toBe(0);
    desk.release('a-go');
    desk.release('b-go');
    const { code, stdout } = await call.ended;
    expect([code, stdout]).toEqual([3, expect.stringContaining('run_aborted')]);
    const again = desk.resume();
    await again.event(({ type }) => type === 'run_resumed');
    const status = await desk.start(['status']).ended;
    expect(status.stdout).toMatch(/^ {2}ABORTED since .*because$/m);
    let said = await say('continue');
    // The process may just have begun, and not listen yet.
    while (said.code === 65 && said.stderr.includes('try again')) said = await say('continue');
    expect(said.code).toBe(0);
    expect((await again.ended).code).toBe(0);
    expect(desk.left('a')).toBe('first\nslow\nlast\n');
  });

  it('of a run that was killed goes into its journal, and holds when it is resumed', async () => {
    const call = await atSlow('a', 'b');
    call.child.kill('SIGKILL');
    await call.ended;
    desk.release('a-go');
    desk.release('b-go');
    const status = await desk.start(['status']).ended;
    expect(status.stdout).toMatch(/broken off: nobody runs it/);
    expect((await say('force', runId(), 'a', 'slow')).stdout).toMatch(
      /which has stopped: a: "slow" .* taken as complete/,
    );
    expect((await say('skip', runId(), 'b')).code).toBe(0);
    const again = await ended(desk.resume());
    expect([again.code, outcomes(again.events)]).toEqual([3, ['a last changed']]);
    expect(desk.summary().hosts).toMatchObject({ a: { outcome: 'changed' }, b: { outcome: 'refused' } });
    expect((await desk.start(['runs']).ended).stdout).toMatch(new RegExp(`^${runId()} {2}.*\\(3\\)`));
  });

  it('never touches a host inside a window', async () => {
    const call = desk.play(`
- name: Roll
  hosts: a
  tasks:
    - window: {name: outage}
      block:
        - name: shut
          shell: ${held('{{ site }}/go')}
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/a
`);
    await call.printed('held');
    for (const verb of ['force', 'restart', 'skip'])
      expect(await say(verb, runId(), 'a')).toMatchObject({
        code: 65,
        stderr: expect.stringContaining('in window "outage"'),
      });
    const { stdout } = await desk.start(['status']).ended;
    expect(stdout).toMatch(/^Inside a window:\n {2}a {2}no deadline {2}in "outage" for \d+ s, at "shut"$/m);
    desk.release('go');
    expect((await call.ended).code).toBe(0);
    expect(call.events.some(({ type }) => String(type).startsWith('host_'))).toBe(false);
  });

  it('shows a host its log while it grows, and ends with the run', async () => {
    const call = await atSlow('a', 'b');
    const following = desk.start(['logs', runId(), 'a', '--follow']);
    const shown = new Promise<void>((seen) => {
      following.child.stdout?.on('data', (data: Buffer) => data.includes('| held') && seen());
    });
    await shown;
    desk.release('a-go');
    desk.release('b-go');
    expect((await call.ended).code).toBe(0);
    const { code, stdout } = await following.ended;
    expect([code, stdout]).toEqual([0, readFileSync(join(desk.run, 'hosts/a.log'), 'utf8')]);
    const unknown = await desk.start(['logs', runId(), 'aa']).ended;
    expect([unknown.code, unknown.stderr]).toEqual([65, expect.stringContaining('did you mean "a"?')]);
  });

  it('waits after the canary until somebody says continue', async () => {
    const call = desk.play(
      `- name: Roll\n  hosts: all\n  serial: 1\n  tasks:\n    - name: only\n      shell: "true"\n`,
      ['--pause-after-first', '--on-event', `cat >> ${join(desk.site, 'told')}`],
    );
    await call.event(({ type }) => type === 'batch_finished');
    expect((await say('continue')).code).toBe(0);
    expect((await call.ended).code).toBe(0);
    const told = desk.left('told').trimEnd().split('\n');
    expect(told.map((line) => JSON.parse(line).type)).toEqual(
      call.events.map(({ type }) => type).filter((type) => !type.startsWith('command_')),
    );
    const types = call.events.map(({ type }) => type).filter((type) => /batch|paused|continued/.test(type));
    expect(types).toEqual([
      'batch_started',
      'run_paused',
      'batch_finished',
      'run_continued',
      'batch_started',
      'batch_finished',
    ]);
  });
});

/** The commands of the example, word for word, by who types them. */
function example(): readonly { readonly who: string; readonly words: readonly string[] }[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/steering.md'), 'utf8');
  return [...text.matchAll(/^(ada|bob)\$ rollgate (.*)$/gm)].map(([, who = '', line = '']) => ({
    who,
    words: [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ''),
  }));
}

describe.skipIf(sshdMissing())('two operators, as docs/steering.md has it', () => {
  let desk: Desk;
  const hosts = Array.from(
    { length: 500 },
    (_, index) => `agent${String(index + 1).padStart(3, '0')} ansible_connection=local`,
  );
  deskForAll(hosts, (given) => {
    desk = given;
  });

  it('one runs; the other pauses, takes host 394 of 500 as complete, and has it done again later', async () => {
    desk.write(
      'upgrade.yml',
      `
- name: Upgrade
  hosts: all
  tasks:
    - name: upgrade
      shell: echo upgrade >> {{ site }}/{{ inventory_hostname }}; if [ {{ inventory_hostname }} = agent394 ]; then ${held('{{ site }}/disk')}; fi
    - name: check
      shell: echo check >> {{ site }}/{{ inventory_hostname }}
`,
    );
    const said = new Map<string, Ended>();
    let running: Call | undefined;
    for (const { who, words } of example()) {
      const argv = words.map((word) => (/^\d{8}T\d{6}Z-/.test(word) ? basename(desk.run) : word));
      if (words[0] === 'restart') {
        expect((await running?.ended)?.code).toBe(0);
        // The disk has been replaced.
        desk.release('disk');
      }
      const call = desk.start(who === 'ada' ? [...argv, '--format', 'json'] : argv);
      if (who === 'bob') said.set(words[0] ?? '', await call.ended);
      else running = call;
      if (words[0] === 'run') {
        const isDone = new Set<unknown>();
        await Promise.all([
          call.printed('held', 'agent394'),
          call.event(({ type, host }) => type === 'step_finished' && isDone.add(host).size === 499),
        ]);
      }
    }
    expect([...said].map(([verb, { code }]) => `${verb} ${code}`)).toEqual(
      ['status', 'explain', 'pause', 'logs', 'force', 'continue', 'restart'].map((verb) => `${verb} 0`),
    );
    expect(said.get('status')?.stdout).toMatch(
      /^ {4}running {8}1 {2}agent394\n {6}0\/2 {2}for .* at "upgrade" \(1\.tasks\.1\)\n {4}waiting {6}499 {2}agent\[001-393,395-500\]$/m,
    );
    expect(said.get('explain')?.stdout).toMatch(
      /^PASS {2}it may take its next step: it takes "upgrade" \(1\.tasks\.1\) since /m,
    );
    expect(said.get('logs')?.stdout).toContain('| held');
    const { code, stdout } = (await running?.ended) ?? { code: null, stdout: '' };
    expect(code).toBe(0);
    const taken = stdout.split('\n').filter((line) => line.includes('"step_finished"'));
    expect(taken.map((line) => JSON.parse(line)).map(({ host, task, status }) => `${host} ${task} ${status}`)).toEqual([
      'agent394 upgrade changed',
      'agent394 check changed',
    ]);
    expect(desk.left('agent394')).toBe('upgrade\nupgrade\ncheck\n');
    for (const host of ['agent001', 'agent393', 'agent395', 'agent500'])
      expect(desk.left(host)).toBe('upgrade\ncheck\n');
    const status = JSON.parse((await desk.start(['status', '--format', 'json']).ended).stdout);
    expect(status.state).toBe('complete');
    expect(status.orders.map(({ type, reason }: { type: string; reason: string }) => `${type}: ${reason}`)).toEqual([
      'run_paused: agent394 hangs: looking at it',
      'host_forced: its disk is broken: the others need not wait',
      'run_continued: agent394 is set aside',
      'host_restarted: the disk has been replaced',
    ]);
  }, 180_000);
});
