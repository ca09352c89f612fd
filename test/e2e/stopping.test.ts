import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sshdMissing } from '../sshd/sshd.ts';
import { type Desk, ended, held, outcomes } from './desk.ts';
import { deskForEach } from './desks.ts';

const HOSTS = ['a ansible_host=127.2.0.1', 'b ansible_host=127.2.0.2'];

const PATIENT = { timeout: 20_000 };

/** Each host writes a line for each command that it really runs. */
const PLAYBOOK = `
- name: Roll
  hosts: all
  tasks:
    - name: first
      shell: echo first >> {{ site }}/{{ inventory_hostname }}
    - name: slow
      shell: echo slow >> {{ site }}/{{ inventory_hostname }}; ${held('{{ site }}/go')}
    - name: last
      shell: echo last >> {{ site }}/{{ inventory_hostname }}
`;

describe.skipIf(sshdMissing())('a run that is stopped', () => {
  let desk: Desk;
  deskForEach(HOSTS, (given) => {
    desk = given;
  });

  it.each([
    ['SIGINT', []],
    ['SIGTERM', []],
    ['SIGHUP', ['--hangup', 'stop']],
  ] as const)('by %s ends what runs, begins nothing, and can be gone on with', async (signal, args) => {
    const call = desk.play(PLAYBOOK, args);
    await Promise.all([call.printed('held', 'a'), call.printed('held', 'b')]);
    call.child.kill(signal);
    await call.event(({ type, why }) => type === 'stopping' && why === 'interrupted');
    desk.release('go');
    const { code, events } = await ended(call);
    expect(code).toBe(130);
    expect(outcomes(events)).toEqual(['a first changed', 'a slow changed', 'b first changed', 'b slow changed']);
    expect(desk.left('a')).toBe('first\nslow\n');
    expect(events.at(-1)).toMatchObject({ type: 'run_finished', exitCode: 130 });
    expect(desk.summary()).toMatchObject({ exitCode: 130, hosts: { a: { outcome: 'unfinished' } } });
    expect(desk.summary().resume).toMatch(/^rollgate resume \S+ --state-dir /);

    const again = await ended(desk.resume());
    expect(again.code).toBe(0);
    expect(outcomes(again.events)).toEqual(['a last changed', 'b last changed']);
    expect(desk.left('a')).toBe('first\nslow\nlast\n');
    expect(desk.left('b')).toBe('first\nslow\nlast\n');
    const nothing = await ended(desk.resume());
    expect([nothing.code, nothing.stdout]).toEqual([0, expect.stringContaining('nothing is left to do')]);
  });

  it('by nobody when its terminal goes away: it goes on to its end', async () => {
    desk.write('play.yml', PLAYBOOK);
    const watcher = desk.atTerminal(['run', 'play.yml', '-i', 'hosts.ini', '--yes']);
    await expect.poll(() => [desk.left('a'), desk.left('b')], PATIENT).toEqual(['first\nslow\n', 'first\nslow\n']);
    watcher.kill('SIGKILL');
    await expect.poll(() => desk.journal(), PATIENT).toContain('the terminal has gone away, and the run goes on');
    desk.release('go');
    await expect.poll(() => desk.journal(), PATIENT).toContain('"type":"run_finished","at"');
    await expect.poll(() => existsSync(join(desk.run, 'summary.json')), PATIENT).toBe(true);
    expect(desk.summary().exitCode).toBe(0);
    expect(desk.left('a')).toBe('first\nslow\nlast\n');
  });

  it('twice says what is open, three times lets go; what was let go of is asked about', async () => {
    const call = desk.play(PLAYBOOK);
    await Promise.all([call.printed('held', 'a'), call.printed('held', 'b')]);
    call.child.kill('SIGINT');
    await call.event(({ type }) => type === 'stopping');
    call.child.kill('SIGINT');
    const said = await call.event(({ type }) => type === 'warning');
    expect(said.message).toMatch(/still open: a "slow" for .*, b "slow" for .*; once more lets go/);
    call.child.kill('SIGINT');
    const { code, events } = await ended(call);
    expect(code).toBe(130);
    expect(outcomes(events)).toEqual(['a first changed', 'b first changed']);

    const asked = await ended(desk.resume());
    expect(asked.code).toBe(3);
    expect(desk.summary().refused).toMatchObject([
      {
        host: 'a',
        reason: expect.stringMatching(/"slow" \(.*play\.yml:.*\) was begun on a .*--assume-done or --redo/),
      },
      { host: 'b' },
    ]);
    const assumed = await ended(desk.resume(['--assume-done', '--reason', 'seen']));
    expect(assumed.code).toBe(0);
    expect(desk.left('a')).toBe('first\nslow\nlast\n');
  });

  it('by SIGKILL leaves what it was doing in doubt; --redo does it again', async () => {
    const call = desk.play(PLAYBOOK, ['-l', 'a']);
    await call.printed('held', 'a');
    call.child.kill('SIGKILL');
    expect((await call.ended).signal).toBe('SIGKILL');
    desk.release('go');
    const lines = readFileSync(join(desk.run, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(
      expect.arrayContaining(['run_started', 'step_started', 'step_finished']),
    );
    expect(readdirSync(desk.run).sort()).toEqual(['control.sock', 'hosts', 'journal.jsonl', 'plan.json']);

    const asked = await ended(desk.resume());
    expect(asked.code).toBe(3);
    expect(asked.events).toContainEqual(
      expect.objectContaining({ type: 'host_refused', host: 'a', reason: expect.stringContaining('--redo') }),
    );
    expect(desk.left('a')).toBe('first\nslow\n');
    const redone = await ended(desk.resume(['--redo', '--reason', 'seen']));
    expect([redone.code, redone.stderr]).toEqual([0, '']);
    expect(desk.left('a')).toBe('first\nslow\nslow\nlast\n');
  });

  it('by SIGKILL in a command that can be probed: it is probed', async () => {
    const call = desk.play(`
- name: Roll
  hosts: a
  tasks:
    - name: slow
      shell:
        cmd: echo slow >> {{ site }}/a; touch {{ site }}/done; ${held('{{ site }}/go')}
        creates: "{{ site }}/done"
    - name: last
      shell: echo last >> {{ site }}/a
`);
    await call.printed('held');
    call.child.kill('SIGKILL');
    await call.ended;
    desk.release('go');
    const { code, events } = await ended(desk.resume());
    expect([code, outcomes(events)]).toEqual([0, ['a last changed', 'a slow ok']]);
    expect(desk.left('a')).toBe('slow\nlast\n');
  });

  it('by SIGKILL in a window: the window is brought home at resume, without a question', async () => {
    const call = desk.play(`
- name: Roll
  hosts: a
  tasks:
    - window:
        name: outage
      block:
        - name: shut
          shell: echo shut >> {{ site }}/a; ${held('{{ site }}/go')}
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/a
    - name: last
      shell: echo last >> {{ site }}/a
`);
    await call.printed('held');
    call.child.kill('SIGKILL');
    await call.ended;
    desk.release('go');
    const { code } = await ended(desk.resume());
    expect(code).toBe(2);
    expect(desk.left('a')).toBe('shut\nrestart\n');
  });

  it('is not stopped in a window by three signals', async () => {
    const call = desk.play(`
- name: Roll
  hosts: a
  tasks:
    - window:
        name: outage
      block:
        - name: shut
          shell: ${held('{{ site }}/go')}
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/a
    - name: last
      shell: echo last >> {{ site }}/a
`);
    await call.printed('held');
    call.child.kill('SIGINT');
    await call.event(({ type }) => type === 'stopping');
    call.child.kill('SIGINT');
    await call.event(({ message }) => String(message).includes('a in window "outage"'));
    call.child.kill('SIGINT');
    await call.event(({ message }) => String(message).includes('let go of; what remains: a in window "outage"'));
    desk.release('go');
    const { code, events } = await ended(call);
    expect([code, outcomes(events)]).toEqual([130, ['a restart changed', 'a shut changed']]);
    expect(desk.left('a')).toBe('restart\n');
  });

  it('by SIGKILL keeps its hosts from nobody: who comes next is told whose they were', async () => {
    const first = desk.play(PLAYBOOK, ['-l', 'a']);
    const { run } = await first.event(({ type }) => type === 'run_started');
    await first.printed('held', 'a');
    first.child.kill('SIGKILL');
    await first.ended;
    desk.release('go');
    const second = await ended(desk.play("- hosts: all\n  tasks: [{name: other, shell: 'true'}]\n"));
    expect([second.code, outcomes(second.events)]).toEqual([0, ['a other changed', 'b other changed']]);
    expect(second.events.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `run ${run} of \\S+ \\(pid ${first.child.pid}, since .*\\) died holding a, which this run takes over`,
        ),
      ),
    );
  });

  it('keeps its hosts from a second run, which says who has them', async () => {
    const first = desk.play(PLAYBOOK, ['-l', 'a']);
    const { run, operator } = await first.event(({ type }) => type === 'run_started');
    await first.printed('held', 'a');
    const second = await ended(desk.play("- hosts: all\n  tasks: [{name: other, shell: 'true'}]\n"));
    expect(second.code).toBe(3);
    const refusal = second.events.find(({ type }) => type === 'host_refused');
    expect(refusal).toMatchObject({ host: 'a' });
    expect(refusal?.reason).toMatch(
      new RegExp(
        `run ${run} of ${operator} \\(pid ${first.child.pid}\\) has held it since \\d{4}-.* \\(last sign of life \\d{4}-`,
      ),
    );
    expect(outcomes(second.events)).toEqual(['b other changed']);
    const busy = await ended(desk.start(['resume', String(run), '--yes']));
    expect([busy.code, busy.stderr]).toEqual([65, expect.stringContaining(`run ${run} is under way`)]);
    desk.release('go');
    expect((await first.ended).code).toBe(0);
  });
});
