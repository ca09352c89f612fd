import { describe, expect, it } from 'vitest';
import { retries } from '../../src/engine/retry.ts';
import type { RunEvent } from '../../src/journal/event.ts';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { replay } from '../../src/journal/progress.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { type Answers, HOSTS, planOf, type Ran, run, type Setup } from './harness.ts';
import { VirtualTime } from './simulation/virtual-time.ts';

const MINUTE_MS = 60_000;

/** Hosts of which the second half goes, when so many commands of a kind have been sent, and is back ten minutes later. */
class Site {
  readonly clock = new VirtualTime();
  /** What was done, by `host command`. */
  readonly done: string[] = [];
  readonly #command: string;
  #left: number;
  #goneAt: number | undefined;

  constructor(command: string, after: number) {
    this.#command = command;
    this.#left = after;
  }

  readonly answers: Answers = (host, command) => {
    if (command === this.#command && --this.#left === 0) this.#goneAt = this.clock.monotonic();
    const isGone =
      Number(host.slice(1)) > 300 &&
      this.#goneAt !== undefined &&
      this.clock.monotonic() < this.#goneAt + 10 * MINUTE_MS;
    if (isGone && command !== this.#command) return { unreachable: 'no route to host' };
    this.done.push(`${host} ${command}`);
    return isGone ? { lost: 'no reply to 3 keepalives' } : 0;
  };

  /** A run here, through all the time that it takes. */
  async live(setup: Setup): Promise<Ran> {
    const running = run(setup);
    await this.pass(running.then(() => undefined));
    return running;
  }

  pass(until: Promise<void>): Promise<void> {
    return this.clock.passUntil(until, () => false);
  }

  times(command: string): ReadonlyMap<number, number> {
    const byHost = new Map<string, number>();
    for (const line of this.done.filter((line) => line.endsWith(` ${command}`)))
      byHost.set(line, (byHost.get(line) ?? 0) + 1);
    const counts = new Map<number, number>();
    for (const count of byHost.values()) counts.set(count, (counts.get(count) ?? 0) + 1);
    return counts;
  }
}

const progressOf = (events: readonly RunEvent[]) => replay(events.map((event) => stamp(event, new Date(0))));

function comeTo(setup: Setup, events: readonly RunEvent[]): number {
  return exitCodeOf(progressOf(events), planOf(setup).plan, { interrupted: false, fault: false }).exitCode;
}

/** `resume --retry-unreachable`, by somebody who looks at the hosts. */
async function again(setup: Setup, site: Site, before: readonly RunEvent[]): Promise<readonly RunEvent[]> {
  const orders = retries(new Set(['unreachable']), planOf(setup).plan, progressOf(before), {
    user: 'ada',
    bastion: 'b',
  });
  const resolve = async (question: string) => {
    const [, task, host] = /^"([^"]+)".* was begun on (\S+) before/.exec(question) ?? [];
    return site.done.includes(`${host} ${task}`) ? ('assume-done' as const) : ('redo' as const);
  };
  const past: readonly RunEvent[] = [
    ...before,
    { type: 'run_resumed', run: 'r', operator: 'ada', bastion: 'b' },
    ...orders,
  ];
  const { events } = await site.live({ ...setup, past, operator: { resolve } });
  return [...past, ...events];
}

describe('300 of 600 hosts that cannot be reached for ten minutes', () => {
  it('are waited for inside their windows, count as unreachable, and are done when they are tried again', async () => {
    const site = new Site('shut', 450);
    const setup: Setup = {
      playbook: `
- hosts: all
  strategy: host_pinned
  tasks:
    - {name: one, raw: one}
    - window: w
      block:
        - {name: shut, raw: shut}
      must_finish:
        - {name: back, raw: back}
    - {name: two, raw: two}
`,
      inventory: HOSTS(600),
      forks: 600,
      answers: site.answers,
      clock: site.clock,
    };
    const first = await site.live(setup);
    expect(comeTo(setup, first.events)).toBe(4);
    expect(site.times('back')).toEqual(new Map([[1, 600]]));
    expect(first.events.filter(({ type }) => type === 'window_opened')).toHaveLength(600);
    expect([...progressOf(first.events).openWindows]).toEqual([]);
    const unreachable = first.steps.filter((step) => step.endsWith(' unreachable'));
    expect(unreachable).toHaveLength(151);
    expect(site.times('two')).toEqual(new Map([[1, 600 - 151]]));

    const whole = await again(setup, site, first.events);
    expect(comeTo(setup, whole)).toBe(0);
    expect(site.times('one')).toEqual(new Map([[1, 600]]));
    expect(site.times('two')).toEqual(new Map([[1, 600]]));
  });

  it('spend the budget, so that no further batch begins, and let it begin when they are tried again', async () => {
    const site = new Site('one', 350);
    const setup: Setup = {
      playbook: `
- hosts: all
  serial: 100
  max_failures: 10
  tasks:
    - {name: one, raw: one}
    - {name: two, raw: two}
`,
      inventory: HOSTS(600),
      forks: 50,
      answers: site.answers,
      clock: site.clock,
    };
    const first = await site.live(setup);
    expect(comeTo(setup, first.events)).toBe(4);
    expect(first.events.filter(({ type }) => type === 'stopping')).toMatchObject([{ why: 'budget' }]);
    expect(first.events.filter(({ type }) => type === 'batch_started')).toHaveLength(4);
    expect(site.times('two')).toEqual(new Map([[1, 300]]));

    await site.pass(site.clock.sleep(10 * MINUTE_MS));
    const whole = await again(setup, site, first.events);
    expect(comeTo(setup, whole)).toBe(0);
    for (const command of ['one', 'two']) expect(site.times(command)).toEqual(new Map([[1, 600]]));
  });

  it('are not counted where they are back before it is their turn', async () => {
    const site = new Site('one', 100);
    const setup: Setup = {
      playbook: `
- hosts: all
  serial: 100
  tasks:
    - {name: one, raw: one}
    - {name: wait, pause: {minutes: 10}}
`,
      inventory: HOSTS(600),
      answers: site.answers,
      clock: site.clock,
      operator: { pause: async () => site.clock.sleep(10 * MINUTE_MS).then(() => ({ kind: 'continue', typed: '' })) },
    };
    const { events } = await site.live(setup);
    expect(comeTo(setup, events)).toBe(0);
    expect(site.times('one')).toEqual(new Map([[1, 600]]));
  });
});
