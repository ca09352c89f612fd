import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { replay } from '../../src/journal/progress.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { HOSTS, planOf, run, type Setup } from './harness.ts';

const pinned = `
- hosts: all
  strategy: host_pinned
  forks: 2
  tasks:
    - { name: one, command: one }
    - { name: two, command: two }
- hosts: all
  tasks:
    - { name: later, command: later }
`;

/** The cutoff comes when that step has ended. */
function cutoffAt(host: string, task: string): NonNullable<Setup['onRecord']> {
  return (event, stop) => {
    if (event.type === 'step_finished' && event.host === host && event.task === task) stop.admitNoMore('it is late');
  };
}

function exitCode(playbook: string, events: readonly RunEvent[], hosts: number): number {
  const cutoff: RunEvent = { type: 'stopping', scope: 'run', why: 'cutoff', reason: 'it is late' };
  const progress = replay([...events, cutoff].map((event) => stamp(event, new Date(0))));
  const { plan } = planOf({ playbook, inventory: HOSTS(hosts) });
  return exitCodeOf(progress, plan, { interrupted: false, fault: false }).exitCode;
}

const hostsOf = (steps: readonly string[]) => [...new Set(steps.map((step) => step.split(' ')[0]))].toSorted();

describe('after the cutoff', () => {
  it('hosts under way go to the end of their play, and no other begins, in this play or in a later one', async () => {
    const { steps, events } = await run({ playbook: pinned, inventory: HOSTS(5), onRecord: cutoffAt('h1', 'one') });
    expect(steps.toSorted()).toEqual(['h1 one changed', 'h1 two changed', 'h2 one changed', 'h2 two changed']);
    expect(events.map(({ type }) => type)).not.toContain('play_finished');
    expect(exitCode(pinned, events, 5)).toBe(3);
  });

  it('a run goes on from there when it is resumed', async () => {
    const first = await run({ playbook: pinned, inventory: HOSTS(3), onRecord: cutoffAt('h1', 'one') });
    const second = await run({ playbook: pinned, inventory: HOSTS(3), past: first.events });
    expect(second.steps.toSorted()).toEqual([
      'h1 later changed',
      'h2 later changed',
      'h3 later changed',
      'h3 one changed',
      'h3 two changed',
    ]);
  });

  it('a batch that has begun goes to its end, task by task, without the hosts that had not begun', async () => {
    const linear = `
- hosts: all
  serial: 3
  forks: 1
  tasks:
    - { name: one, command: one }
    - { name: two, command: two }
`;
    const { steps, events } = await run({ playbook: linear, inventory: HOSTS(6), onRecord: cutoffAt('h2', 'one') });
    expect(steps).toEqual(['h1 one changed', 'h2 one changed', 'h1 two changed', 'h2 two changed']);
    expect(hostsOf(steps)).toEqual(['h1', 'h2']);
    expect(exitCode(linear, events, 6)).toBe(3);
  });

  it('a run in which every host was under way already is all done', async () => {
    const one = pinned.slice(0, pinned.lastIndexOf('- hosts'));
    const { steps, events } = await run({ playbook: one, inventory: HOSTS(2), onRecord: cutoffAt('h2', 'one') });
    expect(steps.length).toBe(4);
    expect(events.at(-1)?.type).toBe('play_finished');
    expect(exitCode(one, events, 2)).toBe(0);
  });

  it('nothing is begun where it had come before the first host', async () => {
    const { steps } = await run({
      playbook: pinned,
      onRecord: (event, stop) => {
        if (event.type === 'play_started') stop.admitNoMore('it is late');
      },
    });
    expect(steps).toEqual([]);
  });
});
