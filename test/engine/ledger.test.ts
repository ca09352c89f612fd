import { describe, expect, it } from 'vitest';
import type { Note } from '../../src/actions/ledger/note.ts';
import { HOSTS, resultsOf, run, type Setup } from './harness.ts';

const BOOT = 'boot-1\n';
/** A host that keeps the file that it is given. */
function keeping(): NonNullable<Setup['answers']> {
  const files = new Map<string, string>();
  return (host, command) => {
    const written = /printf '%s\\n' '(.*)'; \} >\$new/.exec(command)?.[1];
    if (written !== undefined) files.set(host, `${written}\n`);
    return { stdout: command.startsWith('cat /proc') ? `${BOOT}${files.get(host) ?? ''}` : '' };
  };
}

const renewal = `
- hosts: all
  tasks:
    - { name: seen, command: seen, changed_when: false }
    - { name: renew, ledger_renew: { name: agent-links, good_for: 5d } }
    - { name: after, command: after, changed_when: false }
`;

describe('what outlives the run', () => {
  it('is kept when its step is done', async () => {
    const notes = new Map<string, Note>();
    const { steps } = await run({ playbook: renewal, inventory: HOSTS(1), answers: keeping(), notes });
    expect(steps).toEqual(['h1 seen ok', 'h1 renew changed', 'h1 after ok']);
    expect(notes.get('h1 agent-links')).toMatchObject({ state: 'good', boot: 'boot-1' });
  });

  it.each([
    ['the task', { task: 'renew', taskId: '1.tasks.2' }],
    ['the host', {}],
  ])('is not kept on the word of somebody who forces %s', async (_, what) => {
    const notes = new Map<string, Note>();
    const at = { play: 'all', playNumber: 1, batch: 1, host: 'h1' };
    const forced = {
      type: 'host_forced',
      ...at,
      ...what,
      reason: 'because',
      by: { user: 'ada', bastion: 'b' },
    } as const;
    const { events } = await run({ playbook: renewal, inventory: HOSTS(1), answers: keeping(), notes, past: [forced] });
    expect(events.at(-1)?.type).toBe('play_finished');
    expect(notes.size).toBe(0);
  });

  it('fails the step where the ledger cannot be written, in the ledger’s words', async () => {
    const setup = { playbook: renewal, inventory: HOSTS(1), answers: keeping(), ledgerFault: 'the ledger is full' };
    const { steps, events } = await run(setup);
    expect(steps).toEqual(['h1 seen ok', 'h1 renew failed']);
    expect(resultsOf(events)).toMatchObject({ 'h1 renew': { failed: true, msg: 'the ledger is full' } });
  });

  it.each([
    ['failed', 'failed_when: true'],
    ['skipped', 'when: false'],
    ['simulated', 'check_mode: true'],
  ])('is not kept of a step that was %s', async (_, keyword) => {
    const notes = new Map<string, Note>();
    const playbook = `
- hosts: all
  tasks:
    - { name: renew, ledger_renew: { name: agent-links, good_for: 5d }, ${keyword} }
`;
    await run({ playbook, inventory: HOSTS(1), answers: keeping(), notes });
    expect(notes.size).toBe(0);
  });

  it('is kept, and known to be done, wherever the machine dies and the run is resumed', async () => {
    const whole = await run({ playbook: renewal, inventory: HOSTS(1), answers: keeping() });
    for (let dieAfter = 1; dieAfter < whole.events.length; dieAfter++) {
      const notes = new Map<string, Note>();
      const answers = keeping();
      const first = await run({ playbook: renewal, inventory: HOSTS(1), answers, notes, dieAfter });
      expect(first.died).toBe(true);
      const said = first.steps.includes('h1 renew changed');
      if (said) expect(notes.size).toBe(1);
      const second = await run({ playbook: renewal, inventory: HOSTS(1), answers, notes, past: first.events });
      expect([second.died, notes.size]).toEqual([false, 1]);
      expect(second.steps.at(-1) ?? 'h1 after ok').toBe('h1 after ok');
      if (said) expect(second.steps).not.toContain('h1 renew changed');
    }
  });

  it('turns hosts away at a gate, each for itself, and asks again when the run is resumed', async () => {
    const gate = `
- hosts: all
  tasks:
    - { name: gate, require_ledger: { name: agent-links, remaining: 2h, renew: rollgate run renew.yml } }
    - { name: upgrade, command: upgrade }
`;
    const notes = new Map<string, Note>();
    const answers = keeping();
    const known = { renewedAt: '1969-12-31T00:00:00.000Z', until: '1970-01-02T00:00:00.000Z', measured: false };
    const note: Note = { state: 'good', name: 'agent-links', at: known.renewedAt, run: 'r', ...known };
    notes.set('h1 agent-links', note);
    const first = await run({ playbook: gate, inventory: HOSTS(2), answers, notes });
    expect(first.steps.toSorted()).toEqual(['h1 gate ok', 'h1 upgrade changed', 'h2 gate refused']);
    expect(JSON.stringify(resultsOf(first.events)['h2 gate'])).toContain('To renew it: rollgate run renew.yml');
    notes.set('h2 agent-links', note);
    const second = await run({ playbook: gate, inventory: HOSTS(2), answers, notes, past: first.events });
    expect(second.steps).toEqual(['h2 gate ok', 'h2 upgrade changed']);
  });
});
