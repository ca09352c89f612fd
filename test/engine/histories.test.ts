import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent, Stamped } from '../../src/journal/event.ts';
import { journalLine } from '../../src/journal/lines.ts';
import { readJournal } from '../../src/journal/read.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { type Answers, HOSTS, run, type Setup } from './harness.ts';

const KINDS = ['plain', 'asks', 'once', 'window', 'timed', 'block', 'notifies', 'looped'] as const;
type Kind = (typeof KINDS)[number];

const HOST_COUNT = 4;

/** A playbook, what fails in it, and after how many events the machine dies, one leg after the other. */
interface History {
  readonly strategy: 'linear' | 'host_pinned';
  readonly serial: number;
  readonly forks: number;
  readonly limit: string;
  readonly tasks: readonly Kind[];
  readonly failing: ReadonlySet<string>;
  readonly deaths: readonly number[];
}

const histories: fc.Arbitrary<History> = fc.record({
  strategy: fc.constantFrom('linear' as const, 'host_pinned' as const),
  serial: fc.integer({ min: 1, max: HOST_COUNT }),
  forks: fc.integer({ min: 1, max: 4 }),
  limit: fc.constantFrom('', '', 'max_failures: 1', 'any_errors_fatal: true'),
  tasks: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 }),
  failing: fc
    .array(
      fc.tuple(
        fc.integer({ min: 1, max: HOST_COUNT }),
        fc.constantFrom('t0', 't1', 't2', 'in0a', 'in1b', 'in2a', 'last1', 'mend0', 'once1', 'h1'),
      ),
      { maxLength: 3 },
    )
    .map((all) => new Set(all.map(([host, task]) => `h${host} ${task}`))),
  deaths: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 5 }),
});

function written(kind: Kind, n: number): string {
  const window = (head: string) => `    - window: ${head}
      block:
        - {name: in${n}a, shell: do in${n}a}
        - {name: in${n}b, shell: do in${n}b}
      must_finish:
        - {name: last${n}, shell: do last${n}}`;
  switch (kind) {
    case 'plain':
      return `    - {name: t${n}, shell: do t${n}}`;
    case 'asks':
      return `    - {name: ask${n}, shell: ask, changed_when: false, register: known${n}}
    - {name: t${n}, shell: "do t${n}", when: known${n} is success}`;
    case 'once':
      return `    - {name: once${n}, shell: do once${n}, run_once: true}`;
    case 'notifies':
      return `    - {name: t${n}, shell: do t${n}, notify: h1}`;
    case 'looped':
      return `    - {name: t${n}, shell: "do t${n} {{ item }}", loop: [a, b]}`;
    case 'window':
      return window(`w${n}`);
    case 'timed':
      return window(`{name: w${n}, length: 900, reserve: 3m, expected: 60, guard: do guard}`);
    case 'block':
      return `    - block: [{name: t${n}, shell: do t${n}}]
      rescue: [{name: mend${n}, shell: do mend${n}}]
      always: [{name: tidy${n}, shell: do tidy${n}}]`;
  }
}

function playbookOf({ strategy, serial, limit, tasks }: History): string {
  // What is done once for all wants hosts that wait for each other.
  const kinds = tasks.map((kind) => (kind === 'once' && strategy === 'host_pinned' ? 'plain' : kind));
  return `
- hosts: all
  strategy: ${strategy}
  serial: ${serial}
  ${limit}
  tasks:
${kinds.map(written).join('\n')}
  handlers:
    - {name: h1, shell: do h1}
- hosts: all
  tasks: [{name: end, shell: do end}]
`;
}

/** Hosts that outlive rollgate: what was done on them, which windows are open, and what a person finds who looks. */
class World {
  readonly done: string[] = [];
  /** Windows by `host name`, and the commands that came in none though they belong in one. */
  readonly #open = new Set<string>();
  readonly unguarded: string[] = [];
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  readonly answers: Answers = (host, command) => {
    const window = /windows\/(w\d+)/.exec(command)?.[1];
    if (window !== undefined && command.includes("printf 'phase open")) {
      this.#open.add(`${host} ${window}`);
      return { stdout: '= opened 1000 17000 b1\n' };
    }
    if (command.includes('echo "= now'))
      return this.#open.has(`${host} ${window}`)
        ? { stdout: '= opened 1000 17000 b1\n= now 1000 17000 b1\n' }
        : { stdout: '= now 1000 17000 b1\n' };
    if (command.includes('phase closed')) {
      this.#open.delete(`${host} ${window}`);
      return 0;
    }
    const [, task] = /do (\S+(?: [ab])?)$/.exec(command) ?? [];
    return task === undefined ? 0 : this.#do(host, task);
  };

  #do(host: string, task: string): number {
    const inside = /^(?:in|last)(\d+)/.exec(task)?.[1];
    if (
      inside !== undefined &&
      this.#history.tasks[Number(inside)] === 'timed' &&
      !this.#open.has(`${host} w${inside}`)
    )
      this.unguarded.push(`${host} ${task}`);
    if (this.#history.failing.has(`${host} ${task}`)) return 1;
    this.done.push(`${host} ${task}`);
    return 0;
  }

  /** A person looks whether it was done. A loop half done cannot be told from one undone: they finish it, and say so. */
  readonly resolve = async (question: string): Promise<'assume-done' | 'redo'> => {
    const [, task, host] = /^"([^"]+)".* was begun on (\S+) before/.exec(question) ?? [];
    const turns = this.done.filter((line) => line === `${host} ${task}` || line.startsWith(`${host} ${task} `));
    if (turns.length === 0) return 'redo';
    if (turns[0] !== `${host} ${task}` && turns.length === 1) this.done.push(`${host} ${task} b`);
    return 'assume-done';
  };

  get openWindows(): readonly string[] {
    return [...this.#open];
  }
}

interface Lived {
  readonly world: World;
  readonly events: readonly RunEvent[];
}

/** Through all deaths to the end; what is read at each resume is what a journal's bytes give. */
async function live(history: History, deaths: readonly number[]): Promise<Lived> {
  const world = new World(history);
  const setup: Setup = {
    playbook: playbookOf(history),
    inventory: HOSTS(HOST_COUNT),
    forks: history.forks,
    answers: world.answers,
    operator: { resolve: world.resolve },
  };
  let past: readonly Stamped[] = [];
  for (const dieAfter of [...deaths, undefined]) {
    const { events } = await run({ ...setup, past, ...(dieAfter === undefined ? {} : { dieAfter }) });
    past = reread([...past, ...events.map((event) => stamp(event, new Date(0)))]);
  }
  return { world, events: past };
}

function reread(events: readonly Stamped[]): readonly Stamped[] {
  const read = readJournal(Buffer.from(`${events.map(journalLine).join('')}{"type":"step_st`));
  if (!read.ok) throw new Error(read.reason);
  return read.events;
}

/** Of each host its steps with their ends: what a run comes to. */
function cameTo(events: readonly RunEvent[]): readonly string[] {
  const last = new Map(
    events.flatMap((event) =>
      event.type === 'step_finished'
        ? [[`${event.playNumber} ${event.host} ${event.taskId} ${event.flushedAt ?? ''}`, event.status]]
        : [],
    ),
  );
  return [...last].map(([key, status]) => `${key} ${status}`).toSorted();
}

/** Whether the end depends on who was how far when something else happened. */
function dependsOnTime({ events }: Lived): boolean {
  return events.some(({ type }) => type === 'stopping');
}

const RUNS = Number(process.env.ROLLGATE_HISTORIES ?? 150);
const SEED = Number(process.env.ROLLGATE_SEED ?? 20250101);

describe('a run whose machine dies again and again', () => {
  // ROLLGATE_HISTORIES and ROLLGATE_SEED: more of them, and others.
  it('comes to what an undisturbed run comes to: nothing twice, nothing left out, no window left open or entered unguarded', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const [undisturbed, disturbed] = [await live(history, []), await live(history, history.deaths)];
        const { done, openWindows, unguarded } = disturbed.world;
        expect(done.length).toBe(new Set(done).size);
        expect([openWindows, unguarded]).toEqual([[], []]);
        if (dependsOnTime(undisturbed)) return;
        expect(done.toSorted()).toEqual(undisturbed.world.done.toSorted());
        expect(cameTo(disturbed.events)).toEqual(cameTo(undisturbed.events));
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 120_000);
});
