import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { planAsText } from '../../src/plan/print.ts';
import { HOSTS, planOf, type Ran, run, type Setup } from './harness.ts';

interface Lossy {
  readonly bad: readonly string[];
  /** Keywords of the play and of the task that tells of the loss. */
  readonly play?: string;
  readonly look?: string;
}

/** `debug` registers a variable under its name: here what was lost. */
function setup({ bad, play = 'max_lost: 0', look = '' }: Lossy): Setup {
  const playbook = `
- hosts: all
  ${play}
  vars:
    lost: [{id: one, pid: 7}]
  tasks:
    - {name: before, shell: do before}
    - name: look
      debug: {var: lost}
      when: inventory_hostname in ${JSON.stringify(bad)}
      ${look}
    - {name: after, shell: do after}
- hosts: all
  tasks:
    - {name: later, shell: do later}
`;
  return { playbook, inventory: HOSTS(4) };
}

function stops({ events }: Pick<Ran, 'events'>): readonly Extract<RunEvent, { type: 'stopping' }>[] {
  return events.flatMap((event) => (event.type === 'stopping' ? [event] : []));
}

const sentTo = ({ sent }: Ran, what: string) =>
  sent.filter((line) => line.endsWith(what)).map((line) => line.slice(0, 2));

describe('max_lost', () => {
  it('stops all admissions at the first loss, though nobody failed', async () => {
    const ran = await run(setup({ bad: ['h2'] }));
    expect(ran.steps.filter((step) => step.includes('failed'))).toEqual([]);
    expect(stops(ran)).toMatchObject([
      {
        why: 'budget',
        scope: 'run',
        playNumber: 1,
        reason: '1 lost in the play, more than max_lost: 0 allows: "one" on h2',
      },
    ]);
    expect(sentTo(ran, 'do after')).toEqual([]);
    expect(sentTo(ran, 'do later')).toEqual([]);
  });

  it('is not there unless it is asked for', async () => {
    const ran = await run(setup({ bad: ['h2'], play: 'serial: 1' }));
    expect(stops(ran)).toEqual([]);
    expect(sentTo(ran, 'do later')).toHaveLength(4);
  });

  it('bears as much as it says, each thing counted once', async () => {
    const twice = 'loop: [1, 2]';
    expect(stops(await run(setup({ bad: ['h2', 'h3'], play: 'max_lost: 2', look: twice })))).toEqual([]);
    expect(stops(await run(setup({ bad: ['h2', 'h3'], play: 'max_lost: 1', look: twice })))).toMatchObject([
      { reason: '2 lost in the play, more than max_lost: 1 allows: "one" on h2, "one" on h3' },
    ]);
  });

  it.each([
    ['serial: 1', ['h1', 'h2']],
    ['serial: 2', ['h1', 'h2']],
    ['strategy: host_pinned\n  forks: 1', ['h1', 'h2']],
    ['strategy: host_pinned\n  serial: [1, "100%"]\n  forks: 1', ['h1', 'h2']],
  ])('under %s: nothing new is begun', async (play, begun) => {
    const ran = await run(setup({ bad: ['h2'], play: `max_lost: 0\n  ${play}` }));
    expect(sentTo(ran, 'do before')).toEqual(begun);
    expect(sentTo(ran, 'do later')).toEqual([]);
  });

  it('names nothing of a step that must not be logged, and counts it all the same', async () => {
    const ran = await run(setup({ bad: ['h2'], look: 'no_log: true' }));
    expect(stops(ran)).toMatchObject([{ reason: expect.stringMatching(/: something on h2$/) }]);
    expect(JSON.stringify(ran.events)).not.toContain('"one"');
  });

  it('holds where the failure that tells of the loss is ignored', async () => {
    for (const look of ['failed_when: true\n      ignore_errors: true', 'failed_when: false']) {
      const ran = await run(setup({ bad: ['h2'], look }));
      expect(stops(ran)).toHaveLength(1);
    }
  });

  it('lets hosts that are in a window finish it', async () => {
    let release = (_: number) => {};
    const held = new Promise<number>((resolve) => {
      release = resolve;
    });
    const ran = await run({
      inventory: HOSTS(3),
      playbook: `
- hosts: all
  strategy: host_pinned
  forks: 2
  max_lost: 0
  vars: {lost: [one]}
  tasks:
    - window: w
      block:
        - {name: shut, shell: do shut}
        - {name: check, shell: do check}
      must_finish:
        - {name: restart, shell: do restart}
    - {name: look, debug: {var: lost}}
    - {name: after, shell: do after}
`,
      answers: (host, command) => (host === 'h2' && command.includes('shut') ? held : 0),
      onRecord: (event) => {
        if (event.type === 'stopping') release(0);
      },
    });
    expect(stops(ran)).toMatchObject([{ reason: expect.stringContaining('"one" on h1') }]);
    expect(ran.sent.filter((line) => line.startsWith('h2')).map((line) => line.split('do ')[1])).toEqual([
      'shut',
      'check',
      'restart',
    ]);
    expect(ran.sent.filter((line) => line.startsWith('h3'))).toEqual([]);
  });

  it('still holds when the run broke off, wherever that was after the loss', async () => {
    const pinned = setup({ bad: ['h2'], play: 'max_lost: 0\n  strategy: host_pinned\n  forks: 1' });
    const whole = await run(pinned);
    const at = whole.events.findIndex((event) => event.type === 'step_finished' && 'lost' in event.result);
    for (let events = at + 1; events <= whole.events.length; events++) {
      const first = await run({ ...pinned, dieAfter: events });
      const second = await run({ ...pinned, past: first.events });
      expect(second.sent, `broken off after ${events} events`).toEqual([]);
      expect(stops(second)).toMatchObject([{ reason: stops(whole)[0]?.reason }]);
    }
  });

  it('stands in the plan that people review, in numbers', () => {
    const { plan } = planOf(setup({ bad: ['h2'], play: 'max_lost: "{{ 1 + 1 }}"' }));
    expect(plan.plays[0]).toMatchObject({ maxLost: 2 });
    expect(planAsText(plan)).toContain('stops when more than 2 of what is to be kept are lost, or every host');
    expect(() => planOf(setup({ bad: ['h2'], play: 'max_lost: "{{ -1 }}"' }))).toThrow('is not a whole number from 0');
  });
});
