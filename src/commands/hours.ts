import type { Clock } from '../actions/action.ts';
import type { Stop } from '../engine/stop.ts';
import type { RunEvent } from '../journal/event.ts';
import type { PlanOptions } from '../plan/plan.ts';
import { duration } from '../source/duration.ts';

/** When hosts may be begun. Absent: from now on; for ever. */
export interface Hours {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface HoursOptions {
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Another word for `notAfter`. */
  readonly cutoff?: string;
}

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)$/;

/**
 * The hours that options give, or what is wrong with them. A time of day such as 22:00 is the next one of this machine's
 * zone; with both given, the hours that are open now, or the next.
 */
export function readHours({ notBefore: begin, notAfter, cutoff }: HoursOptions, now: Date): Hours | string {
  const end = notAfter ?? cutoff;
  const last = end === undefined ? undefined : momentOf(end, (day) => day > now, now);
  if (last === 'none') return malformed(notAfter === undefined ? '--cutoff' : '--not-after', end ?? '');
  const isNightly = end !== undefined && last !== undefined && TIME_OF_DAY.test(end);
  const first =
    begin === undefined ? undefined : momentOf(begin, (day) => (isNightly ? nextDay(day) >= last : day > now), now);
  if (first === 'none') return malformed('--not-before', begin ?? '');
  if (last !== undefined && last <= now) return `${end} is past: no host would be begun`;
  if (first !== undefined && last !== undefined && first >= last)
    return `--not-before ${begin} is not before ${end}: no host would be begun`;
  return { ...(first === undefined ? {} : { notBefore: first }), ...(last === undefined ? {} : { notAfter: last }) };
}

/** As a plan holds them: ISO 8601, UTC. */
export function plannedHours({ notBefore, notAfter }: Hours): Pick<PlanOptions, 'notBefore' | 'notAfter'> {
  return {
    ...(notBefore === undefined ? {} : { notBefore: notBefore.toISOString() }),
    ...(notAfter === undefined ? {} : { notAfter: notAfter.toISOString() }),
  };
}

/** The hours of a plan. */
export function hoursOf({ notBefore, notAfter }: PlanOptions): Hours {
  return {
    ...(notBefore === undefined ? {} : { notBefore: new Date(notBefore) }),
    ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter) }),
  };
}

function malformed(option: string, text: string): string {
  return `${option}: "${text}" is no time; write 22:00 (of this machine's zone), or with a zone 2026-11-21T22:00Z`;
}

/** A time with its zone; or of the days from yesterday on the first that fits, at that time of day. */
function momentOf(text: string, fits: (moment: Date) => boolean, now: Date): Date | 'none' {
  const [, hour, minute] = TIME_OF_DAY.exec(text) ?? [];
  if (hour !== undefined && minute !== undefined) {
    const days = [-1, 0, 1, 2].map((day) => atTime(now, day, Number(hour), Number(minute)));
    return days.find(fits) ?? 'none';
  }
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const moment = new Date(isWhole ? text : Number.NaN);
  return Number.isNaN(moment.getTime()) ? 'none' : moment;
}

function atTime(now: Date, day: number, hour: number, minute: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, hour, minute);
}

function nextDay(moment: Date): Date {
  return atTime(moment, 1, moment.getHours(), moment.getMinutes());
}

/** No longer: somebody may set the clock meanwhile. */
const NAP_MS = 5000;

/** Waits until hosts may be begun, or until the operator stops the run. */
export async function awaitOpening(
  { notBefore }: Hours,
  clock: Clock,
  stop: Stop,
  say: (message: string) => void,
): Promise<void> {
  if (notBefore === undefined) return;
  const leftMs = notBefore.getTime() - clock.now().getTime();
  if (leftMs > 0) say(`no host is begun before ${notBefore.toISOString()}, which is in ${duration(leftMs)}`);
  await until(notBefore, clock, stop.drained);
}

/** Lets no host begin after the hours. Gives a function that ends the watch. */
export function closeAfterHours(
  { notAfter }: Hours,
  clock: Clock,
  stop: Stop,
  record: (event: RunEvent) => Promise<unknown>,
): () => void {
  const watch = new AbortController();
  if (notAfter !== undefined)
    void until(notAfter, clock, watch.signal).then(async (isReached) => {
      if (!isReached) return;
      const reason = `it is past ${notAfter.toISOString()}: no further host is begun; those under way come to the end of their play`;
      stop.admitNoMore(reason);
      await record({ type: 'stopping', scope: 'run', why: 'cutoff', reason });
    });
  return () => watch.abort();
}

/** Resolves when the wall clock has reached a moment: true; or when it is aborted: false. */
async function until(moment: Date, clock: Clock, abort: AbortSignal): Promise<boolean> {
  for (;;) {
    if (abort.aborted) return false;
    const leftMs = moment.getTime() - clock.now().getTime();
    if (leftMs <= 0) return true;
    await clock.sleep(Math.min(NAP_MS, leftMs), abort).catch(() => undefined);
  }
}
