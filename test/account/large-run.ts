import type { RunEvent, Stamped, StepAddress } from '../../src/journal/event.ts';
import { stamp } from '../../src/journal/stamp.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { ValueMap } from '../../src/source/value.ts';
import { planOf } from '../engine/harness.ts';
import { ended, RUN } from '../journal/events.ts';

const BEGIN = Date.parse('2026-11-21T22:00:00.000Z');
const FORKS = 10;

/** A play with a window in it, on hosts one as the other. */
export function windowPlan(hosts: readonly string[], before = 5, after = 4): Plan {
  const looks = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => `    - {name: look ${from + index}, ping: }\n`).join('');
  const playbook = `- name: Roll
  hosts: all
  serial: [1, "100%"]
  strategy: host_pinned
  forks: ${FORKS}
  tasks:
${looks(1, before)}    - window: care
      block:
        - {name: shut, command: shut}
      must_finish:
        - {name: up, command: up}
${looks(before + 1, after)}    - {name: never, command: never, when: never | default(false)}
`;
  return planOf({ playbook, inventory: hosts.map((host) => `${host}\n`).join('') }).plan;
}

export interface Course {
  readonly failing?: ReadonlySet<string>;
  /** Of the last step that a host takes. */
  readonly result?: (host: string) => ValueMap;
}

/** The journal of a run in which ten hosts at a time go through, each step half a minute long. */
export function journalOf(plan: Plan, { failing = new Set(), result = () => ({}) }: Course = {}): readonly Stamped[] {
  const [play] = plan.plays;
  if (play === undefined) throw new Error('no play');
  const title = { play: play.name, playNumber: 1 };
  const timed: { readonly ms: number; readonly event: RunEvent }[] = [];
  const put = (ms: number, event: RunEvent) => timed.push({ ms, event });
  put(0, { ...RUN, plan: plan.id } as RunEvent);
  put(0, { type: 'play_started', ...title, hosts: play.batches.flatMap(({ hosts }) => hosts).length });
  let from = 0;
  for (const { number: batch, hosts } of play.batches) {
    put(from, { type: 'batch_started', ...title, batch, hosts });
    let last = from;
    for (const [index, host] of hosts.entries()) {
      let ms = from + Math.floor(index / FORKS) * play.tasks.length * 30_000 + (index % FORKS) * 2000;
      for (const [place, { id: taskId, name: task, blocks }] of play.tasks.entries()) {
        const step: StepAddress = { ...title, batch, host, task, taskId };
        const isLast = place === play.tasks.length - 1;
        const isBad = failing.has(host) && task === 'up';
        const isWindow = blocks.length > 0;
        if (isWindow && task === 'shut')
          put(ms, { type: 'window_opened', ...title, batch, host, window: 'care', lengthMs: 900_000 });
        put(ms, { type: 'step_started', ...step });
        ms += isLast ? 10 : 29_000;
        const skipped: ValueMap = isLast ? { skipped: true, skip_reason: 'Conditional result was False' } : {};
        const given: ValueMap = place === play.tasks.length - 2 ? result(host) : {};
        const status = isBad ? 'failed' : isLast ? 'skipped' : isWindow ? 'changed' : 'ok';
        put(
          ms,
          ended(step, status, {
            ms: 29_000,
            result: { ...given, ...skipped, ...(isBad ? { msg: 'the unit did not come up' } : {}) },
          }),
        );
        if (isWindow && task === 'up') put(ms, { type: 'window_closed', ...title, batch, host, window: 'care' });
        if (isBad) break;
        ms += 1000;
      }
      last = Math.max(last, ms);
    }
    from = last;
    put(from, { type: 'batch_finished', ...title, batch });
  }
  put(from, { type: 'play_finished', ...title });
  const end = failing.size > 0 ? { exitCode: 2, reason: 'some hosts failed' } : { exitCode: 0, reason: 'all done' };
  put(from, { type: 'run_finished', ...end });
  return timed.toSorted((a, b) => a.ms - b.ms).map(({ ms, event }) => stamp(event, new Date(BEGIN + ms)));
}
