import type { RunEvent } from '../journal/event.ts';
import { neededFromBefore } from '../plan/forecast-text.ts';
import type { Plan, PlannedPlay } from '../plan/plan.ts';
import { forecastOf, lastTaskOf } from '../report/pace.ts';
import { realClock } from './real-clock.ts';
import type { Recorder } from './recorder.ts';

/** By host, when the first of those names runs out on it, in milliseconds since 1970. */
export type Ends = (names: readonly string[], hosts: readonly string[]) => ReadonlyMap<string, number>;

/** So many forecasts of a play are enough for anybody; each of them looks at all of its hosts. */
const FORECASTS = 100;

/** Says when the last host will be done: after each host, or each hundredth part of very many; after each batch in a linear play. */
export function foretelling(plan: Plan, ends: Ends, recorder: Recorder): (event: RunEvent) => void {
  const plays = new Map(plan.plays.map((play) => [play.number, following(play, ends, recorder)]));
  return (event) => {
    if (event.type === 'step_finished' || event.type === 'batch_finished') plays.get(event.playNumber)?.(event);
  };
}

function following(
  play: PlannedPlay,
  ends: Ends,
  recorder: Recorder,
): (event: Extract<RunEvent, { type: 'step_finished' | 'batch_finished' }>) => void {
  const last = lastTaskOf(play);
  const names = neededFromBefore(play);
  const hosts = play.batches.flatMap((batch) => batch.hosts);
  const every = play.strategy === 'linear' ? 1 : Math.ceil(hosts.length / FORECASTS);
  let done = 0;
  return (event) => {
    const isDone =
      event.type === 'batch_finished'
        ? play.strategy === 'linear'
        : play.strategy !== 'linear' && event.taskId === last;
    if (!isDone) return;
    done += 1;
    if (done % every !== 0) return;
    const known = names.length === 0 ? new Map<string, number>() : ends(names, hosts);
    const found = forecastOf(recorder.progress, play, known, realClock.now());
    if (found !== undefined) recorder.show(found);
  };
}
