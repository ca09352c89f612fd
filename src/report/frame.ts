import { foldHosts } from '../inventory/fold.ts';
import { cut, filled } from './columns.ts';
import { elapsed, secondsLeft } from './durations.ts';
import type { Paint } from './paint.ts';
import { printableLine } from './printable.ts';
import type { BatchTally, InFlight, PlayTally, Tally, Trouble } from './tally.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** More rows than these nobody reads, and the terminal is slow with them. */
const MOST_ROWS = 20;
const MOST_TROUBLES = 4;
const WIDEST_HOST = 30;
const MARKS = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;

/** The screen of a run at a moment: at most about 20 rows of at most that many columns, however many hosts. */
export function frame(tally: Tally, size: Size, now: number, paint: Paint): readonly string[] {
  const columns = Math.max(20, size.columns);
  const room = Math.min(MOST_ROWS, Math.max(4, size.rows - 1));
  const head = [
    ...titleRow(tally, columns, now, paint),
    ...pausedRows(tally, columns, now, paint),
    ...stoppingRows(tally, columns, now, paint),
    ...playRows(tally, columns, now, paint),
  ].slice(0, room - 1);
  const troubles = tally.troubles.slice(0, Math.min(MOST_TROUBLES, Math.max(1, room - head.length - 3)));
  const rest = room - head.length - troubles.length;
  return [
    ...head,
    ...hostRows(tally.inFlight, rest, columns, now, paint),
    ...troubles.map((each) => troubleRow(each, columns, paint)),
  ];
}

function titleRow(tally: Tally, columns: number, now: number, paint: Paint): readonly string[] {
  if (tally.startedAt === undefined) return [];
  const title = `${tally.playbook} · run ${tally.run} · ${elapsed(now - tally.startedAt)}`;
  return [paint.strong(cut(printableLine(title), columns))];
}

/** Whoever looks at a run that stands still wants to know who stopped it, and what makes it go on. */
function pausedRows({ paused, run }: Tally, columns: number, now: number, paint: Paint): readonly string[] {
  if (paused === undefined) return [];
  const row = (text: string) => paint.urgent(filled(printableLine(` ${text}`), columns));
  return [
    row(`PAUSED for ${elapsed(now - paused.since)} ${paused.said}`),
    row(`to go on: rollgate continue ${run} --reason "…"`),
  ];
}

/** Whoever pressed Ctrl-C wants to know what is still waited for. */
function stoppingRows({ stopping, inFlight }: Tally, columns: number, now: number, paint: Paint): readonly string[] {
  if (stopping === undefined) return [];
  const inWindow = inFlight.filter((each) => each.window !== undefined).length;
  const waits =
    inFlight.length === 0
      ? 'no step is open any more'
      : `waiting for ${inFlight.length} ${inFlight.length === 1 ? 'host' : 'hosts'}: ${foldHosts(inFlight.map(({ host }) => host))}`;
  const windows = inWindow === 0 ? '' : `, ${inWindow} in a window that must not be interrupted`;
  return [
    paint.urgent(filled(printableLine(` STOPPING for ${elapsed(now - stopping.since)}: ${stopping.reason}`), columns)),
    paint.urgent(filled(printableLine(` ${waits}${windows}`), columns)),
  ];
}

function playRows(tally: Tally, columns: number, now: number, paint: Paint): readonly string[] {
  const current =
    tally.plays.find(({ state }) => state === 'running') ?? tally.plays.findLast(({ state }) => state === 'over');
  if (current === undefined) return [];
  const mark =
    current.state === 'over' ? paint.good('✔') : paint.changed(MARKS[Math.floor(now / 200) % MARKS.length] ?? '');
  const plays = tally.plays.length === 1 ? '' : ` ${current.number}/${tally.plays.length}`;
  const left =
    tally.leftMs === undefined || current.state === 'over' || tally.stopping !== undefined
      ? ''
      : ` · about ${elapsed(rough(tally.leftMs))} left`;
  const text = `Play${plays} ${printableLine(current.name)}`;
  const counters = ` · ${countersOf(current.batches, current.hosts)}${left}`;
  const title = cut(text, Math.max(12, columns - 2 - counters.length));
  return [`${mark} ${cut(`${title}${counters}`, columns - 2)}`, ...batchRows(current, columns, paint)];
}

/** Nobody can foretell seconds. */
function rough(ms: number): number {
  const step = ms < 60_000 ? 5_000 : 60_000;
  return Math.max(step, Math.round(ms / step) * step);
}

function batchRows(play: PlayTally, columns: number, paint: Paint): readonly string[] {
  if (play.batches.length === 1) return [];
  const over = play.batches.filter(({ state }) => state === 'over');
  const running = play.batches.filter(({ state }) => state === 'running');
  const pending = play.batches.filter(({ state }) => state === 'pending');
  return [
    ...(over.length === 0
      ? []
      : [`  ${paint.good('✔')} ${cut(`${numbered(over)}: ${countersOf(over, sizeOf(over))}`, columns - 4)}`]),
    ...running.map((batch) => `  ${paint.changed('▶')} ${cut(batchText(batch, play), columns - 4)}`),
    ...(pending.length === 0
      ? []
      : [`  ${paint.faint(cut(`· ${numbered(pending)} to come: ${sizeOf(pending)} hosts`, columns - 2))}`]),
  ];
}

function batchText(batch: BatchTally, play: PlayTally): string {
  const counters = countersOf([batch], batch.hosts.length);
  return `batch ${batch.number}/${play.batches.length} · ${counters} · ${printableLine(foldHosts(batch.hosts))}`;
}

function numbered(batches: readonly BatchTally[]): string {
  const [first, last] = [batches[0]?.number, batches.at(-1)?.number];
  return first === last ? `batch ${first}` : `batches ${first}-${last}`;
}

function sizeOf(batches: readonly BatchTally[]): number {
  return batches.reduce((sum, batch) => sum + batch.hosts.length, 0);
}

function countersOf(batches: readonly BatchTally[], hosts: number): string {
  const sum = (of: 'over' | 'failed' | 'unreachable' | 'refused') =>
    batches.reduce((total, batch) => total + batch[of], 0);
  const troubles = (['failed', 'unreachable', 'refused'] as const).map((of) => [of, sum(of)] as const);
  const said = troubles.filter(([, count]) => count > 0).map(([of, count]) => ` · ${count} ${of}`);
  return `${sum('over')}/${hosts} hosts${said.join('')}`;
}

function hostRows(
  inFlight: readonly InFlight[],
  room: number,
  columns: number,
  now: number,
  paint: Paint,
): readonly string[] {
  const shown = inFlight.length <= room ? inFlight : inFlight.slice(0, Math.max(0, room - 1));
  const width = Math.min(
    WIDEST_HOST,
    Math.floor(columns / 3),
    Math.max(0, ...shown.map(({ host }) => printableLine(host).length)),
  );
  const rows = shown.map((each) => hostRow(each, width, columns, now, paint));
  const hidden = inFlight.length - shown.length;
  return hidden === 0 || room < 1
    ? rows
    : [...rows, paint.faint(cut(`    … and ${hidden} more hosts under way`, columns))];
}

function hostRow(each: InFlight, width: number, columns: number, now: number, paint: Paint): string {
  const times = [
    elapsed(now - each.since),
    ...(each.retry === undefined ? [] : [`try ${each.retry}`]),
    ...(each.window === undefined ? [] : [windowTime(each.window, now)]),
  ].join(', ');
  const room = columns - 4 - width - 2 - times.length - 2;
  const row = `    ${filled(printableLine(each.host), width)}  ${filled(printableLine(each.task), Math.max(0, room))}  `;
  return room < 0 ? cut(`${row}${times}`, columns) : `${row}${paint.faint(times)}`;
}

/** A window with a deadline counts down. */
function windowTime({ since, lengthMs }: NonNullable<InFlight['window']>, now: number): string {
  return lengthMs === undefined ? `window ${elapsed(now - since)}` : `window ${secondsLeft(since + lengthMs - now)}`;
}

function troubleRow({ host, task, status, reason }: Trouble, columns: number, paint: Paint): string {
  return `  ${paint.bad('✖')} ${cut(printableLine(`${host} ${status}: ${task}: ${reason}`), columns - 4)}`;
}
