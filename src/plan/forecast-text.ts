import { foldHosts } from '../inventory/fold.ts';
import { duration, durationMs } from '../source/duration.ts';
import { doneAfterSeconds, forecast } from './forecast.ts';
import type { Plan, PlannedPlay } from './plan.ts';

/** What the ledger knows under a name: by host, how many seconds from now it ends. */
export type EndsInSeconds = (name: string) => ReadonlyMap<string, number>;

/** A play with an estimate, and where its time stands among the others. */
interface Timed {
  readonly play: PlannedPlay;
  readonly perHostSeconds: number;
  /** From the beginning of the run. */
  readonly startSeconds: number;
  /** By host, from the beginning of the run. */
  readonly done: ReadonlyMap<string, number>;
}

/** What the declared estimates come to: when each play's last host is done, and who comes too late by the ledger. */
export function forecastLines(plan: Pick<Plan, 'plays'>, endsInSeconds: EndsInSeconds): readonly string[] {
  const timed = timesOf(plan.plays);
  return timed.flatMap((each, index) => [
    doneLine(each),
    ...spentIn(each.play).map((name) => `  ${name}: ${spending(name, each, timed.slice(0, index), endsInSeconds)}`),
    ...renewedIn(each.play)
      .filter(({ name }) => !plan.plays.some((play) => spentIn(play).includes(name)))
      .map((renewal) => `  ${renewal.name}: ${renewing(renewal, each)}`),
  ]);
}

function timesOf(plays: readonly PlannedPlay[]): readonly Timed[] {
  let startSeconds = 0;
  return plays.flatMap((play) => {
    if (play.estimateMs === undefined) return [];
    const perHostSeconds = play.estimateMs / 1000;
    const sizes = play.batches.map(({ hosts }) => hosts.length);
    const done = doneAfterSeconds({ batches: sizes, concurrency: play.forks, perHostSeconds });
    const start = startSeconds;
    startSeconds += done.at(-1) ?? 0;
    const byHost = play.batches
      .flatMap(({ hosts }) => hosts)
      .map((host, at) => [host, start + (done[at] ?? 0)] as const);
    return [{ play, perHostSeconds, startSeconds: start, done: new Map(byHost) }];
  });
}

function doneLine({ play, perHostSeconds, startSeconds, done }: Timed): string {
  const last = seconds(endOf({ done }) - startSeconds);
  const hosts = done.size === 1 ? 'its host is' : `the last of ${done.size} hosts is`;
  return `Forecast of play ${play.number} "${play.name}": ${hosts} done after ${last} (at most ${play.forks} at a time, ${seconds(perHostSeconds)} each)`;
}

function spending(name: string, timed: Timed, earlier: readonly Timed[], endsInSeconds: EndsInSeconds): string {
  const own = renewedIn(timed.play).find((each) => each.name === name);
  if (own !== undefined) return hostByHost(own, timed);
  const renewal = earlier.findLast(({ play }) => renewedIn(play).some((each) => each.name === name));
  const goodForSeconds = renewal && renewedIn(renewal.play).find((each) => each.name === name)?.goodForSeconds;
  if (renewal === undefined || goodForSeconds === undefined) return byLedger(timed, endsInSeconds(name));
  const ends = new Map([...renewal.done].map(([host, at]) => [host, at + goodForSeconds]));
  const late = lateOf(timed, ends);
  const holds = `renewed ahead for all, it holds for ${seconds(goodForSeconds)}`;
  if (late.length === 0) return `${holds}: every host comes in time`;
  const { mostHosts } = forecast({
    hosts: timed.done.size,
    concurrency: timed.play.forks,
    perHostSeconds: timed.perHostSeconds,
    windowSeconds: goodForSeconds,
  });
  return `${holds}: NOT ENOUGH, ${late.length} of ${timed.done.size} hosts come too late; renew at most ${mostHosts} hosts ahead, or renew each host right before it is needed`;
}

function hostByHost({ goodForSeconds }: Renewal, { perHostSeconds }: Timed): string {
  if (goodForSeconds === undefined) return 'renewed on each host right before it is needed';
  const holds = `renewed on each host right before it is needed; it holds for ${seconds(goodForSeconds)}`;
  return perHostSeconds <= goodForSeconds ? holds : `${holds}: NOT ENOUGH for one host`;
}

function byLedger(timed: Timed, ends: ReadonlyMap<string, number>): string {
  const late = lateOf(timed, ends);
  const unknown = [...timed.done.keys()].filter((host) => !ends.has(host));
  const missing = unknown.length === 0 ? [] : [`the ledger knows of no end of ${foldHosts(unknown)}`];
  if (late.length === 0) return ['every host that it knows comes in time', ...missing].join('; ');
  return [`${late.length} of ${timed.done.size} hosts come TOO LATE: ${foldHosts(late)}`, ...missing].join('; ');
}

function lateOf({ done }: Timed, ends: ReadonlyMap<string, number>): readonly string[] {
  return [...done].flatMap(([host, at]) => (at > (ends.get(host) ?? Number.POSITIVE_INFINITY) ? [host] : []));
}

/** Nothing in this plan needs it: whatever does has so long. */
function renewing({ goodForSeconds }: Renewal, timed: Timed): string {
  if (goodForSeconds === undefined) return 'how long it holds is known only when the run gets there';
  const first = Math.min(...timed.done.values()) + goodForSeconds;
  const left = first - endOf(timed);
  const holds = `it holds for ${seconds(goodForSeconds)}`;
  return left > 0
    ? `${holds}: when the last host is done, the first has ${seconds(left)} left`
    : `${holds}: NOT ENOUGH, the first host's time is up before the last is renewed`;
}

function endOf({ done }: Pick<Timed, 'done'>): number {
  return Math.max(0, ...done.values());
}

interface Renewal {
  readonly name: string;
  /** Undefined where a template says it. */
  readonly goodForSeconds: number | undefined;
}

function renewedIn(play: PlannedPlay): readonly Renewal[] {
  return play.tasks
    .filter(({ action }) => action === 'ledger_renew')
    .map(({ params }) => {
      const ms = durationMs(String(params.good_for));
      return { name: String(params.name), goodForSeconds: ms === undefined ? undefined : ms / 1000 };
    });
}

/** The names that a play needs and does not renew itself. */
export function neededFromBefore(play: PlannedPlay): readonly string[] {
  return spentIn(play).filter((name) => !renewedIn(play).some((renewal) => renewal.name === name));
}

/** The names that a play asks for, or closes. */
function spentIn(play: Pick<PlannedPlay, 'tasks'>): readonly string[] {
  const spending = play.tasks.filter(({ action }) => action === 'require_ledger' || action === 'ledger_close');
  return [...new Set(spending.map(({ params }) => String(params.name)))];
}

function seconds(value: number): string {
  return duration(value * 1000);
}
