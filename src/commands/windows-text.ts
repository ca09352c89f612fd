import { foldHosts, groupBy } from '../inventory/fold.ts';
import { type Held, type Overview, secondsPerHost } from '../ledger/overview.ts';
import { doneAfterSeconds } from '../plan/forecast.ts';
import { printableLine } from '../report/printable.ts';
import { duration } from '../source/duration.ts';
import type { OpenWindow } from './open-windows.ts';

export interface Shown {
  readonly file: string;
  readonly open: readonly OpenWindow[];
  readonly names: readonly Overview[];
  /** Of the inventory; absent: none was given. */
  readonly hosts: readonly string[] | undefined;
}

/** What is open and what holds, for people: what is urgent first. */
export function windowsAsText({ file, open, names, hosts }: Shown, now: Date): readonly string[] {
  return [
    ...openLines(open, now),
    ...names.flatMap((overview) => ['', ...overviewLines(overview)]),
    ...(names.length > 0 ? [] : ['', `Nothing has been noted in ${file} yet.`]),
    ...(names.length > 0 || hosts === undefined ? [] : [row('unknown', hosts)]),
  ];
}

function openLines(open: readonly OpenWindow[], now: Date): readonly string[] {
  if (open.length === 0) return ['No window is open.'];
  const soonest = open.toSorted((one, other) => endOf(one) - endOf(other));
  return ['Windows open now:', ...soonest.map((each) => openLine(each, now))];
}

function openLine(window: OpenWindow, now: Date): string {
  const { host, window: name, since, run } = window;
  const openFor = duration(Math.max(0, now.getTime() - Date.parse(since)));
  const where = `${printableLine(host)}  ${printableLine(name)}`;
  return `  ${countdown(window, now)}  ${where}  open for ${openFor}, run ${run} (where it has stopped: rollgate resume ${run})`;
}

function countdown(window: OpenWindow, now: Date): string {
  const leftMs = endOf(window) - now.getTime();
  if (leftMs === Number.POSITIVE_INFINITY) return 'no deadline';
  return leftMs > 0 ? `${duration(leftMs)} left` : `OVER for ${duration(-leftMs)}`;
}

function endOf({ since, lengthMs = Number.POSITIVE_INFINITY }: OpenWindow): number {
  return Date.parse(since) + lengthMs;
}

function overviewLines(overview: Overview): readonly string[] {
  const { name, good, expired, closed, unknown } = overview;
  return [
    `${name}:`,
    ...grouped(expired, ({ leftMs }) => `ran out ${roughly(-leftMs)} ago`),
    ...grouped(good, ({ leftMs, measured }) => `${roughly(leftMs)} left${measured ? ' (measured)' : ''}`),
    ...(unknown.length === 0 ? [] : [row('unknown', unknown)]),
    ...(closed.length === 0
      ? []
      : [
          row(
            'closed',
            closed.map(({ host }) => host),
          ),
        ]),
    ...forecastLine(overview),
  ];
}

/** Never more than there is: whole hours, whole minutes in the last one. */
function roughly(ms: number): string {
  const unit = ms < 3_600_000 ? 60_000 : 3_600_000;
  return ms < unit ? 'less than 1 min' : duration(Math.floor(ms / unit) * unit);
}

function grouped(held: readonly Held[], label: (each: Held) => string): readonly string[] {
  const groups = groupBy(held, label);
  return [...groups].map(([text, members]) =>
    row(
      text,
      members.map(({ host }) => host),
    ),
  );
}

function row(label: string, hosts: readonly string[]): string {
  return `  ${label.padEnd(24)} ${String(hosts.length).padStart(4)}  ${printableLine(foldHosts(hosts))}`;
}

/** At the pace of those that were closed: when is the last one done, and who comes too late? */
function forecastLine(overview: Overview): readonly string[] {
  const perHostSeconds = secondsPerHost(overview);
  if (perHostSeconds === undefined) return [];
  const { good } = overview;
  const done = doneAfterSeconds({ batches: [good.length], concurrency: 1, perHostSeconds });
  const late = good.filter(({ leftMs }, index) => (done[index] ?? 0) * 1000 > leftMs);
  const pace = `at the pace so far (one in ${duration(perHostSeconds * 1000)})`;
  const last = `the last of the ${good.length} that are left is closed in ${duration((done.at(-1) ?? 0) * 1000)}`;
  if (late.length === 0) return [`  Forecast: ${pace} ${last}, each before its time is up.`];
  return [
    `  Forecast: ${pace} ${last}: ${late.length} of them TOO LATE: ${printableLine(foldHosts(late.map(({ host }) => host)))}`,
  ];
}
