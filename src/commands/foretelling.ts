import type { RunEvent } from '../journal/event.ts';
import { neededFromBefore } from '../plan/forecast-text.ts';
import type { Plan } from '../plan/plan.ts';
import { forecastOf, lastTaskOf } from '../report/pace.ts';
import { realClock } from './real-clock.ts';
import type { Recorder } from './recorder.ts';

/** By host, when the first of those names runs out on it, in milliseconds since 1970. */
export type Ends = (names: readonly string[], hosts: readonly string[]) => ReadonlyMap<string, number>;

/** Says, each time a host or a batch is done, when the last one will be. */
export function foretelling(plan: Plan, ends: Ends, recorder: Recorder): (event: RunEvent) => void {
  const plays = new Map(plan.plays.map((play) => [play.number, { play, last: lastTaskOf(play) }]));
  return (event) => {
    if (event.type !== 'step_finished' && event.type !== 'batch_finished') return;
    const known = plays.get(event.playNumber);
    if (known === undefined) return;
    const { play, last } = known;
    const isDone =
      play.strategy === 'linear' ? event.type === 'batch_finished' : 'taskId' in event && event.taskId === last;
    if (!isDone) return;
    const names = neededFromBefore(play);
    const hosts = play.batches.flatMap((batch) => batch.hosts);
    const found = forecastOf(
      recorder.progress,
      play,
      names.length === 0 ? new Map() : ends(names, hosts),
      realClock.now(),
    );
    if (found !== undefined) recorder.show(found);
  };
}
