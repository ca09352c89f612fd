import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { type Answers, HOSTS, run } from './harness.ts';

/** A playbook, what fails in it, and when somebody stops it. */
interface Scene {
  readonly strategy: 'linear' | 'host_pinned';
  readonly forks: number;
  readonly serial: number;
  readonly limits: string;
  readonly tasks: readonly Kind[];
  /** `host task` that fails, and how. */
  readonly failing: ReadonlyMap<string, 'fails' | 'unreachable'>;
  /** The operator stops the run at this event, counted from 0. */
  readonly stopAt: number | undefined;
}

const KINDS = ['plain', 'throttled', 'once', 'window', 'block', 'notifies', 'ends batch'] as const;
type Kind = (typeof KINDS)[number];

const HOST_COUNT = 5;
const THROTTLE = 2;

function written(kind: Kind, n: number): string {
  switch (kind) {
    case 'plain':
      return `    - {name: t${n}, shell: do t${n}}`;
    case 'throttled':
      return `    - {name: throttled${n}, shell: do throttled${n}, throttle: ${THROTTLE}}`;
    case 'once':
      return `    - {name: once${n}, shell: do once${n}, run_once: true}`;
    case 'notifies':
      return `    - {name: t${n}, shell: do t${n}, notify: [h1, h2]}`;
    case 'ends batch':
      return `    - {meta: end_batch, when: inventory_hostname == 'h${(n % HOST_COUNT) + 1}'}`;
    case 'window':
      return `    - window: w${n}
      block:
        - {name: in${n}a, shell: do in${n}a}
        - {name: in${n}b, shell: do in${n}b}
      must_finish:
        - {name: last${n}, shell: do last${n}}`;
    case 'block':
      return `    - block:
        - block: [{name: t${n}, shell: do t${n}}]
          always: [{name: mend${n}x, shell: do mend${n}x}]
      rescue: [{name: mend${n}, shell: do mend${n}}]
      always: [{name: mend${n}y, shell: do mend${n}y}]`;
  }
}

function playbookOf({ strategy, serial, limits, tasks }: Scene): string {
  // What is done once for all wants hosts that wait for each other.
  const kinds = tasks.map((kind) => (kind === 'once' && strategy === 'host_pinned' ? 'plain' : kind));
  return `
- hosts: all
  strategy: ${strategy}
  serial: ${serial}
  ${limits}
  tasks:
${kinds.map(written).join('\n')}
  handlers:
    - {name: h1, shell: do h1}
    - {name: h2, shell: do h2, run_once: ${strategy === 'linear'}}
`;
}

const scenes: fc.Arbitrary<Scene> = fc.record({
  strategy: fc.constantFrom('linear' as const, 'host_pinned' as const),
  forks: fc.integer({ min: 1, max: 4 }),
  serial: fc.integer({ min: 1, max: HOST_COUNT }),
  limits: fc.constantFrom(
    '',
    'max_failures: 0',
    'max_failures: 2',
    'max_fail_percentage: 30',
    'any_errors_fatal: true',
  ),
  tasks: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 5 }),
  failing: fc
    .array(
      fc.tuple(
        fc.integer({ min: 1, max: HOST_COUNT }),
        fc.constantFrom(
          't0',
          't1',
          't2',
          't3',
          'in0a',
          'in1a',
          'in1b',
          'in2b',
          'last1',
          'once1',
          'mend1',
          'mend2x',
          'h1',
          'h2',
        ),
        fc.constantFrom('fails' as const, 'unreachable' as const),
      ),
      { maxLength: 5 },
    )
    .map((all) => new Map(all.map(([host, task, how]) => [`h${host} ${task}`, how]))),
  stopAt: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
});

interface Watched {
  readonly events: readonly RunEvent[];
  /** The most commands that were under way at once: in all, and of one throttled task. */
  readonly most: number;
  readonly mostThrottled: number;
  /** Where in `events` nothing new may begin any more. */
  readonly stoppedAt: number;
}

async function watched(scene: Scene): Promise<Watched> {
  const running: string[] = [];
  let most = 0;
  let mostThrottled = 0;
  let count = 0;
  const answer: Answers = async (host, command) => {
    const task = command.replace('do ', '');
    running.push(task);
    most = Math.max(most, running.length);
    mostThrottled = Math.max(
      mostThrottled,
      running.filter((each) => each === task && each.startsWith('throttled')).length,
    );
    // Hosts differ in how long they take.
    for (let turn = 0; turn < (Number(host.slice(1)) * 7 + task.length) % 5; turn++) await Promise.resolve();
    running.splice(running.indexOf(task), 1);
    return scene.failing.get(`${host} ${task}`) === 'fails' ? 1 : 0;
  };
  const answers: Answers = (host, command) =>
    scene.failing.get(`${host} ${command.replace('do ', '')}`) === 'unreachable'
      ? { unreachable: 'no route' }
      : answer(host, command);
  const { events } = await run({
    playbook: playbookOf(scene),
    inventory: HOSTS(HOST_COUNT),
    forks: scene.forks,
    answers,
    onRecord: (_, stop) => {
      if (count++ === scene.stopAt) stop.drain('Ctrl-C');
    },
  });
  const stopped = scene.stopAt ?? Number.POSITIVE_INFINITY;
  return { events, most, mostThrottled, stoppedAt: stopped };
}

const always = (holds: (scene: Scene, watched: Watched) => void) =>
  fc.assert(
    fc.asyncProperty(scenes, async (scene) => holds(scene, await watched(scene))),
    { seed: 20250101, numRuns: 120 },
  );

const keyOf = (event: Extract<RunEvent, { type: 'step_started' | 'step_finished' }>) =>
  `${event.host} ${event.taskId} ${event.flushedAt ?? ''}`;

describe('whatever the playbook, whatever fails, whenever it is stopped', () => {
  it('no more hosts are at work than forks, and no more in a task than its throttle', async () => {
    await always(({ forks }, { most, mostThrottled }) => {
      expect(most).toBeLessThanOrEqual(forks);
      expect(mostThrottled).toBeLessThanOrEqual(THROTTLE);
    });
  });

  it('batches do not overlap, and a step that was begun ends once', async () => {
    await always((_, { events }) => {
      const begun: string[] = [];
      const ended: string[] = [];
      let batch = 0;
      for (const event of events) {
        if (event.type === 'batch_started') {
          expect(begun.toSorted()).toEqual(ended.toSorted());
          batch = event.batch;
        } else if (event.type === 'step_started') {
          expect(event.batch).toBe(batch);
          begun.push(keyOf(event));
        } else if (event.type === 'step_finished') ended.push(keyOf(event));
      }
      expect(new Set(begun).size).toBe(begun.length);
      expect(ended.toSorted()).toEqual(begun.toSorted());
    });
  });

  it('a window that was opened is closed, and what must finish in it was done', async () => {
    await always((_, { events }) => {
      const open = new Map<string, string>();
      const finished = new Set<string>();
      for (const event of events) {
        if (event.type === 'window_opened') open.set(event.host, event.window);
        if (event.type === 'step_finished') finished.add(`${event.host} ${event.task}`);
        if (event.type !== 'window_closed') continue;
        expect(open.get(event.host)).toBe(event.window);
        expect(finished).toContain(`${event.host} last${event.window.slice(1)}`);
        open.delete(event.host);
      }
      expect([...open]).toEqual([]);
    });
  });

  it('nothing begins after the operator has stopped it, except in windows that were open', async () => {
    await always((_, { events, stoppedAt }) => {
      const open = new Set<string>();
      events.forEach((event, at) => {
        if (event.type === 'window_opened' && at <= stoppedAt) open.add(event.host);
        if (event.type === 'window_closed') open.delete(event.host);
        if (event.type === 'step_started' && at > stoppedAt) expect(open).toContain(event.host);
      });
    });
  });

  it('nothing begins in a later batch after a limit has been exceeded', async () => {
    await always((_, { events }) => {
      const closed = events.findIndex((event) => event.type === 'stopping');
      const after = closed < 0 ? [] : events.slice(closed);
      expect(after.filter((event) => event.type === 'batch_started')).toEqual([]);
    });
  });
});
