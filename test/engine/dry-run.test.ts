import { describe, expect, it } from 'vitest';
import { type Answers, resultsOf, run } from './harness.ts';

/** What a host says when it is asked whether something has been done already. */
const answers: Answers = (_, command) => (command.includes('done=') ? { stdout: 'done=nothing\n' } : 0);
const one = { inventory: 'h1\n', answers } as const;
const play = (...tasks: readonly string[]) =>
  `- hosts: all\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`;

describe('a dry run', () => {
  it('sends no command, registers no exit code, and says of what rests on it that the host decides', async () => {
    const playbook = play(
      '{name: look, shell: cat /etc/x, register: found}',
      '{name: by code, shell: fix, when: found.rc == 0}',
      '{name: by state, shell: fix, when: found is changed}',
      '{name: by text, debug: {msg: "{{ found.stdout }}"}}',
      '{name: derive, set_fact: {derived: "{{ found.stdout }}"}}',
      '{name: by fact, shell: fix, when: derived}',
      '{name: "named {{ found.stdout }}", shell: fix}',
      '{name: each, shell: "fix {{ item }}", loop: "{{ found.stdout_lines }}"}',
    );
    const { sent, steps, events } = await run({ ...one, playbook, dryRun: 'check' });
    expect(sent).toEqual([]);
    expect(steps.every((step) => step.endsWith(' skipped'))).toBe(true);
    const results = resultsOf(events) as Record<string, Record<string, unknown>>;
    expect(results['h1 look']).toMatchObject({ skipped: true, commands: ["/bin/sh -c 'cat /etc/x'"] });
    expect(results['h1 look']).not.toHaveProperty('rc');
    for (const name of ['by code', 'by state', 'by text', 'derive', 'by fact', 'each'])
      expect(results[`h1 ${name}`]?.skip_reason).toMatch(/^decided on the host: "(found|derived)"/);
  });

  it('foresees that a probed command changes the host, and nothing more of its result', async () => {
    const playbook = play(
      '{name: make, shell: mk, args: {creates: /x}, register: made}',
      '{name: known, shell: next, when: made is changed}',
      '{name: unknown, shell: next, when: made.rc == 0}',
    );
    const { sent, events } = await run({ ...one, playbook, dryRun: 'check' });
    expect(sent).toHaveLength(1);
    const results = resultsOf(events) as Record<string, Record<string, unknown>>;
    expect(results['h1 make']).toMatchObject({ changed: true });
    expect(results['h1 known']).toMatchObject({ commands: ['/bin/sh -c next'] });
    expect(results['h1 unknown']?.skip_reason).toMatch(/"made.rc"/);
  });

  it('opens no window and waits for nobody, yet comes to the end of the play', async () => {
    const playbook = `- hosts: all
  tasks:
    - pause:
    - window: {name: w, length: 10m, reserve: 2m, guard: home}
      block:
        - {name: shut, shell: shut}
      must_finish:
        - {name: restart, shell: restart}
    - {name: later, shell: later, until: false, retries: 9}
`;
    const { sent, steps, events } = await run({ ...one, playbook, dryRun: 'check' });
    expect(sent).toEqual([]);
    expect(steps).toEqual(['h1 pause skipped', 'h1 shut skipped', 'h1 restart skipped', 'h1 later skipped']);
    expect(events.filter(({ type }) => type.startsWith('window_'))).toEqual([]);
    expect(events.at(-1)?.type).toBe('play_finished');
  });

  it.each([
    ['check', 'check_mode: false', ['h1: cat x']],
    ['probe', 'check_mode: false', []],
    ['probe', 'changed_when: false', []],
    ['probe', 'check_mode: false, changed_when: false', ['h1: cat x']],
  ] as const)('as a %s sends of a task with %s: %j', async (dryRun, declared, expected) => {
    const { sent } = await run({ ...one, playbook: play(`{name: t, shell: cat x, ${declared}}`), dryRun });
    expect(sent).toEqual(expected);
  });

  it('fails where a host fails as it is, and not where something before it was left out', async () => {
    const stopped = play('{name: wrong, assert: {that: [1 == 2]}}');
    expect((await run({ ...one, playbook: stopped, dryRun: 'check' })).steps).toEqual(['h1 wrong failed']);
    const probing = '{name: probe, shell: look, args: {creates: /x}}';
    const broken: Answers = () => ({ code: 1, stdout: 'nonsense' });
    const bare = await run({ ...one, answers: broken, playbook: play(probing), dryRun: 'check' });
    expect(bare.steps).toEqual(['h1 probe failed']);
    const after = play('{name: first, shell: mk}', probing);
    const { steps, events } = await run({ ...one, answers: broken, playbook: after, dryRun: 'check' });
    expect(steps).toEqual(['h1 first skipped', 'h1 probe skipped']);
    expect((resultsOf(events) as Record<string, Record<string, unknown>>)['h1 probe']?.skip_reason).toMatch(
      /as the host is now, it says: .*"first" comes before it/,
    );
  });

  it('keeps no note in the ledger, where a run would', async () => {
    const playbook = play('{name: renewed, ledger_renew: {name: links, good_for: 5d}}');
    const written = new Map<string, string>();
    const keeping: Answers = (host, command) => {
      const text = /printf '%s\\n' '(\{.*?\})'/s.exec(command)?.[1];
      if (text !== undefined) written.set(host, text);
      return { stdout: command.startsWith('cat /proc') ? `boot-1\n${written.get(host) ?? ''}` : '' };
    };
    const notes = new Map();
    const dry = await run({ ...one, answers: keeping, notes, playbook, dryRun: 'check' });
    expect([dry.steps, notes.size, written.size]).toEqual([['h1 renewed changed'], 0, 0]);
    const real = await run({ ...one, answers: keeping, notes, playbook });
    expect([real.steps, notes.size, written.size]).toEqual([['h1 renewed changed'], 1, 1]);
  });

  it('tells nothing of what no_log hides', async () => {
    const playbook = play(
      '{name: hush, shell: "login hunter2", no_log: true, register: r}',
      '{name: next, shell: x, when: r.rc == 0}',
    );
    const { events } = await run({ ...one, playbook, dryRun: 'check' });
    expect(JSON.stringify(events)).not.toContain('hunter2');
  });
});
