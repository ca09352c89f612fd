import { describe, expect, it } from 'vitest';
import { type Retried, retries } from '../../src/engine/retry.ts';
import type { RunEvent } from '../../src/journal/event.ts';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { replay } from '../../src/journal/progress.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { type Answers, HOSTS, planOf, type Ran, run, type Setup } from './harness.ts';

const ADA = { user: 'ada', bastion: 'bastion' };
const RESUMED: RunEvent = { type: 'run_resumed', run: 'r', operator: 'ada', bastion: 'bastion' };

const progressOf = (events: readonly RunEvent[]) => replay(events.map((event) => stamp(event, new Date(0))));

/** Resumes after so many legs; hosts that came to this try again. */
async function again(setup: Setup, legs: readonly Ran[], kinds: readonly Retried[], change: Partial<Setup> = {}) {
  const before = legs.flatMap(({ events }) => events);
  const orders = retries(new Set(kinds), planOf(setup).plan, progressOf(before), ADA, change.only);
  const past = [...before, RESUMED, ...orders];
  const ran = await run({ ...setup, ...change, past });
  return { ...ran, orders, past: [...past, ...ran.events] };
}

function exitCode(setup: Setup, events: readonly RunEvent[]): number {
  return exitCodeOf(progressOf(events), planOf(setup).plan, { interrupted: false, fault: false }).exitCode;
}

const failing =
  (...which: readonly string[]): Answers =>
  (host, command) =>
    which.includes(`${host} ${command}`) ? 1 : 0;

const ROLL = `
- hosts: all
  serial: 2
  max_failures: 0
  tasks:
    - {name: one, raw: one}
    - {name: two, raw: two}
    - {name: three, raw: three}
`;

describe('a host that is tried again', () => {
  it('goes on at the step that failed, counts as failed no more, and lets the batches behind it begin', async () => {
    const setup: Setup = { playbook: ROLL, inventory: HOSTS(4), answers: failing('h1 two') };
    const first = await run(setup);
    expect(first.sent.filter((line) => /^h[34]/.test(line))).toEqual([]);
    const second = await again(setup, [first], ['failed'], { answers: () => 0 });
    expect(second.sent.slice(0, 1)).toEqual(['h1: two']);
    expect(second.sent.filter((line) => line.startsWith('h1'))).toEqual(['h1: two', 'h1: three']);
    expect(second.sent.filter((line) => line.startsWith('h4'))).toEqual(['h4: one', 'h4: two', 'h4: three']);
    expect(exitCode(setup, second.past)).toBe(0);
  });

  it('counts against the limits again when it fails again', async () => {
    const setup: Setup = { playbook: ROLL, inventory: HOSTS(4), answers: failing('h1 two') };
    const second = await again(setup, [await run(setup)], ['failed']);
    expect(second.events.filter(({ type }) => type === 'stopping')).toHaveLength(1);
    expect(second.sent.filter((line) => /^h[34]/.test(line))).toEqual([]);
    expect(exitCode(setup, second.past)).toBe(2);
  });

  it('stays as it is when the other kind is tried again, and without a word', async () => {
    const setup: Setup = {
      playbook: ROLL.replace('max_failures: 0', ''),
      inventory: HOSTS(2),
      answers: failing('h1 two'),
    };
    const first = await run(setup);
    for (const kinds of [[], ['unreachable']] as const) {
      const second = await again(setup, [first], kinds);
      expect([second.orders, second.sent]).toEqual([[], []]);
    }
  });

  it('is asked about where its connection broke under a command that cannot be probed', async () => {
    const setup: Setup = {
      playbook: ROLL,
      inventory: HOSTS(1),
      answers: (_, command) => (command === 'two' ? { lost: 'cut' } : 0),
    };
    const first = await run(setup);
    const silent = await again(setup, [first], ['unreachable'], { answers: () => 0 });
    expect(silent.sent).toEqual([]);
    expect(silent.events).toContainEqual(expect.objectContaining({ type: 'host_refused', host: 'h1' }));
    const told = await again(setup, [first], ['unreachable'], {
      answers: () => 0,
      operator: { resolve: async () => 'assume-done' },
    });
    expect(told.sent).toEqual(['h1: three']);
  });

  it('is not asked about where nothing had been sent', async () => {
    const setup: Setup = {
      playbook: ROLL,
      inventory: HOSTS(1),
      answers: (_, command) => (command === 'two' ? { unreachable: 'no route' } : 0),
    };
    const second = await again(setup, [await run(setup)], ['unreachable'], { answers: () => 0 });
    expect(second.sent).toEqual(['h1: two', 'h1: three']);
  });

  it('begins the whole window anew that was brought home after the failure', async () => {
    const setup: Setup = {
      playbook: `
- hosts: all
  tasks:
    - window: w
      block:
        - {name: shut, raw: shut}
        - {name: check, raw: check}
      must_finish:
        - {name: restart, raw: restart}
`,
      inventory: HOSTS(1),
      answers: failing('h1 check'),
    };
    const first = await run(setup);
    expect(first.sent).toEqual(['h1: shut', 'h1: check', 'h1: restart']);
    const second = await again(setup, [first], ['failed'], { answers: () => 0 });
    expect(second.sent).toEqual(['h1: shut', 'h1: check', 'h1: restart']);
    expect(exitCode(setup, second.past)).toBe(0);
  });

  it('takes what failed once for a batch again for all of it, once', async () => {
    const setup: Setup = {
      playbook: `
- hosts: all
  tasks:
    - {name: one, raw: one}
    - {name: once, raw: once, run_once: true}
    - {name: two, raw: two}
`,
      inventory: HOSTS(3),
      answers: failing('h1 once'),
    };
    const second = await again(setup, [await run(setup)], ['failed'], { answers: () => 0 });
    expect(second.sent).toEqual(['h1: once', 'h1: two', 'h2: two', 'h3: two']);
  });

  it('runs a handler again that failed', async () => {
    const setup: Setup = {
      playbook: '- hosts: all\n  tasks: [{name: one, raw: one, notify: h}]\n  handlers: [{name: h, raw: h}]\n',
      inventory: HOSTS(1),
      answers: failing('h1 h'),
    };
    const second = await again(setup, [await run(setup)], ['failed'], { answers: () => 0 });
    expect([second.sent, exitCode(setup, second.past)]).toEqual([['h1: h'], 0]);
  });

  it('is tried again wherever the run breaks off meanwhile', async () => {
    const setup: Setup = { playbook: ROLL, inventory: HOSTS(2), answers: failing('h1 two') };
    const first = await run(setup);
    const whole = await again(setup, [first], ['failed'], { answers: () => 0 });
    for (let dieAfter = 1; dieAfter < whole.events.length; dieAfter++) {
      const broken = await again(setup, [first], ['failed'], { answers: () => 0, dieAfter });
      const rest = await run({
        ...setup,
        past: broken.past,
        answers: () => 0,
        operator: { resolve: async () => 'redo' },
      });
      const sent = [...broken.sent, ...rest.sent].filter((line) => line === 'h1: three');
      expect(exitCode(setup, [...broken.past, RESUMED, ...rest.events]), `broken off after ${dieAfter}`).toBe(0);
      expect(sent.length, `broken off after ${dieAfter}`).toBeGreaterThanOrEqual(1);
    }
  });
});

describe('a run that is gone on with on some hosts only', () => {
  it('does nothing on the others, counts them as left to do, and does them later', async () => {
    const setup: Setup = { playbook: ROLL, inventory: HOSTS(4) };
    const first = await run({ ...setup, dieAfter: 3 });
    const operator = { resolve: async () => 'redo' as const };
    const some = await again(setup, [first], [], { only: new Set(['h2', 'h3']), operator });
    expect(new Set(some.sent.map((line) => line.slice(0, 2)))).toEqual(new Set(['h2', 'h3']));
    expect(exitCode(setup, some.past)).toBe(3);
    const rest = await run({ ...setup, past: [...some.past, RESUMED], operator });
    expect(exitCode(setup, [...some.past, RESUMED, ...rest.events])).toBe(0);
    expect(rest.sent.filter((line) => /^h[23]/.test(line))).toEqual([]);
  });

  it('brings home windows of others all the same', async () => {
    const setup: Setup = {
      playbook: `
- hosts: all
  tasks:
    - window: w
      block: [{name: shut, raw: shut}]
      must_finish: [{name: restart, raw: restart}]
    - {name: after, raw: after}
`,
      inventory: HOSTS(2),
    };
    const whole = await run(setup);
    const opened = whole.events.findIndex((event) => event.type === 'window_opened' && event.host === 'h1') + 1;
    const first = await run({ ...setup, dieAfter: opened });
    const second = await again(setup, [first], [], { only: new Set(['h2']) });
    expect(second.sent.filter((line) => line.startsWith('h1'))).toEqual(['h1: shut', 'h1: restart']);
    expect(second.sent).toContain('h2: after');
  });
});

describe('windows that a break left open', () => {
  const opened = (host: string, at: string, lengthMs?: number): RunEvent & { readonly at: string } => ({
    type: 'window_opened',
    play: 'all',
    playNumber: 1,
    batch: Number(host.slice(1)),
    host,
    window: 'w',
    at,
    ...(lengthMs === undefined ? {} : { lengthMs }),
  });

  it('are brought home before anything else, in whatever batch, the soonest deadline first', async () => {
    const setup: Setup = {
      playbook: `
- hosts: all
  serial: 1
  tasks:
    - window: w
      block: [{name: shut, raw: shut}]
      must_finish: [{name: restart, raw: restart}]
`,
      inventory: HOSTS(4),
    };
    const past = [
      opened('h2', '2026-01-01T00:00:00.000Z'),
      opened('h3', '2026-01-01T00:00:00.000Z', 900_000),
      opened('h4', '2026-01-01T00:05:00.000Z', 300_000),
    ];
    const { sent } = await run({ ...setup, past });
    expect(sent.slice(0, 3)).toEqual(['h4: shut', 'h3: shut', 'h2: shut']);
    expect(sent.slice(3, 6).toSorted()).toEqual(['h2: restart', 'h3: restart', 'h4: restart']);
    expect(sent.slice(6)).toEqual(['h1: shut', 'h1: restart']);
  });
});
