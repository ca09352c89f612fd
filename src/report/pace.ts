import { addressKey } from '../journal/address.ts';
import { tasksOfEveryHost } from '../journal/derived.ts';
import type { RunEvent } from '../journal/event.ts';
import type { Progress } from '../journal/progress.ts';
import { doneAfterSeconds } from '../plan/forecast.ts';
import type { PlannedPlay } from '../plan/plan.ts';

type Forecast = Extract<RunEvent, { type: 'forecast' }>;

/** The task whose end is a host's end in a play; undefined: hosts do nothing of their own in it. */
export function lastTaskOf(play: Pick<PlannedPlay, 'tasks'>): string | undefined {
  return tasksOfEveryHost(play).at(-1);
}

/**
 * When the last host of a play will be done, at the pace of those that are, and who of the others comes too late. `ends`:
 * by host, when what it needs runs out, in milliseconds since 1970. Undefined while nobody is done or nobody is left.
 */
export function forecastOf(
  progress: Progress,
  play: PlannedPlay,
  ends: ReadonlyMap<string, number>,
  now: Date,
): Forecast | undefined {
  const { done, left } = standingIn(progress, play);
  const perHostMs = perHost(progress, play, done, now);
  if (perHostMs === undefined || left.length === 0) return undefined;
  const concurrency = play.strategy === 'host_pinned' ? play.forks : 1;
  const times = doneAfterSeconds({ batches: [left.length], concurrency, perHostSeconds: perHostMs / 1000 });
  const at = (index: number) => now.getTime() + (times[index] ?? 0) * 1000;
  return {
    type: 'forecast',
    play: play.name,
    playNumber: play.number,
    done: done.length,
    left: left.length,
    perHostMs: Math.round(perHostMs),
    lastDoneAt: new Date(at(left.length - 1)).toISOString(),
    late: left.filter((host, index) => at(index) > (ends.get(host) ?? Number.POSITIVE_INFINITY)),
  };
}

interface Done {
  readonly startedAt: number;
  readonly endedAt: number;
}

function standingIn(
  progress: Progress,
  play: PlannedPlay,
): { readonly done: readonly Done[]; readonly left: readonly string[] } {
  const [first = '', last = first] = [tasksOfEveryHost(play)[0], lastTaskOf(play)];
  const done: Done[] = [];
  const left: string[] = [];
  for (const { number, hosts } of play.batches) {
    for (const host of hosts) {
      const step = (taskId: string) =>
        progress.steps.get(addressKey({ playNumber: play.number, batch: number, taskId, host }));
      const [begun, over] = [step(first), step(last)];
      const known = progress.hosts.get(host);
      if (begun !== undefined && over !== undefined && over.status !== 'started')
        done.push({ startedAt: Date.parse(begun.startedAt), endedAt: Date.parse(over.startedAt) + over.ms });
      else if (!hasStopped(known, play.number)) left.push(host);
    }
  }
  return { done, left };
}

function hasStopped(host: ReturnType<Progress['hosts']['get']>, playNumber: number): boolean {
  if (host === undefined) return false;
  const isOut = host.failures.size > 0 || host.refused !== undefined || host.counts.refused > 0;
  return isOut || host.endedPlays.has(playNumber);
}

/** How long a host takes. In a linear play hosts wait for each other: there it is the time of all, shared among those done. */
function perHost(progress: Progress, play: PlannedPlay, done: readonly Done[], now: Date): number | undefined {
  const legSince = Date.parse(progress.resumedAt.at(-1) ?? progress.run?.at ?? '');
  // A host that stood still over a break says nothing about the pace.
  const ofThisLeg = done.filter(({ startedAt }) => startedAt >= legSince);
  if (ofThisLeg.length === 0) return undefined;
  if (play.strategy === 'linear') {
    const first = Math.min(...ofThisLeg.map(({ startedAt }) => startedAt));
    return (now.getTime() - first) / ofThisLeg.length;
  }
  return ofThisLeg.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0) / ofThisLeg.length;
}
