import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { type Answers, HOSTS, run, type Setup } from './harness.ts';

const PLAYBOOK = `
- hosts: all
  serial: 1
  tasks:
    - {name: one, shell: do one}
    - {name: two, shell: do two}
    - {name: three, shell: do three}
`;

describe('a journal of which a line was lost', () => {
  it('does nothing twice and leaves nothing out, whichever two lines it was', async () => {
    const whole = await run({ playbook: PLAYBOOK, inventory: HOSTS(3) });
    const lastStep = whole.events.findLastIndex(({ type }) => type === 'step_finished');
    for (let length = 3; length <= lastStep; length += 2)
      for (let lost = 1; lost < length; lost++) {
        const sent: string[] = [];
        const answers: Answers = (host, command) => {
          sent.push(`${host}: ${command}`);
          return 0;
        };
        const resolve = async (question: string) => {
          const [, task, host] = /^"([^"]+)".* was begun on (\S+) before/.exec(question) ?? [];
          return sent.includes(`${host}: do ${task}`) ? ('assume-done' as const) : ('redo' as const);
        };
        const setup: Setup = { playbook: PLAYBOOK, inventory: HOSTS(3), answers, operator: { resolve } };
        const first = await run({ ...setup, dieAfter: length });
        const past: readonly RunEvent[] = [
          ...first.events.toSpliced(lost, 2),
          { type: 'journal_salvaged', lines: [lost, lost + 1], kept: '' },
        ];
        await run({ ...setup, past });
        expect(sent.toSorted(), `${lost} and the next of ${length}`).toEqual(whole.sent.toSorted());
      }
  });
});
