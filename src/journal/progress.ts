import type { Value, ValueMap } from '../source/value.ts';
import { addressKey } from './address.ts';
import type { HostOrder, Order, RunEvent, Stamped, Status, StepAddress } from './event.ts';
import { lostIn } from './lost.ts';
import { forcedStep, saidBy } from './orders.ts';

/** What has happened in a run so far, folded from its events. What it comes to is derived from it: see `derived.ts`. */
export interface Progress {
  /** Absent until the run has started. */
  readonly run?: Extract<Stamped, { type: 'run_started' }>;
  /** The last event's time. */
  readonly at?: string;
  /** When it was resumed, oldest first. */
  readonly resumedAt: readonly string[];
  /** By number. */
  readonly plays: ReadonlyMap<number, PlayProgress>;
  /** By `addressKey`, in the order in which they were started. */
  readonly steps: ReadonlyMap<string, StepProgress>;
  /** Every host that was refused or has begun a step. */
  readonly hosts: ReadonlyMap<string, HostProgress>;
  /** By host: the window it is in. */
  readonly openWindows: ReadonlyMap<string, OpenWindow>;
  /** Why nothing new was started, since the run was started or last resumed. */
  readonly stops: readonly Stamped<Extract<RunEvent, { type: 'stopping' }>>[];
  /** The newest; nothing in it when it was replayed. */
  readonly forecast?: Stamped<Extract<RunEvent, { type: 'forecast' }>>;
  readonly warnings: readonly Stamped<Extract<RunEvent, { type: 'warning' }>>[];
  /** What operators have said, oldest first. */
  readonly orders: readonly Stamped<Order>[];
  /** Since when nothing new begins until somebody says to go on: apart from what the run has come to. */
  readonly paused?: Stamped<Extract<Order, { type: 'run_paused' | 'run_aborted' }>>;
  /** What steps said was lost that have been taken back since: a loss is not undone by doing a step again. */
  readonly lostBefore: readonly { readonly host: string; readonly what: Value }[];
  /** Absent while it runs, and after a crash. */
  readonly finished?: { readonly at: string; readonly exitCode: number; readonly reason: string };
}

export interface PlayProgress {
  readonly play: string;
  readonly number: number;
  readonly startedAt: string;
  readonly finishedAt?: string;
  /** By number. */
  readonly batches: ReadonlyMap<number, BatchProgress>;
}

export interface BatchProgress {
  readonly number: number;
  readonly hosts: readonly string[];
  readonly startedAt: string;
  readonly finishedAt?: string;
}

/** A step that was begun. `started`: nobody has recorded its end, so after a crash it is not known whether it took. */
export type StepProgress = StepAddress & { readonly startedAt: string } & ({ readonly status: 'started' } | StepEnd);

interface StepEnd {
  readonly status: Status;
  readonly ignored: boolean;
  readonly rescued: boolean;
  readonly noLog: boolean;
  readonly notified: readonly string[];
  readonly ms: number;
  readonly result: ValueMap;
}

export type FinishedStep = Exclude<StepProgress, { status: 'started' }>;

export interface HostProgress {
  readonly counts: Readonly<Record<Status, number>>;
  /** Keys of steps that were started and not finished. */
  readonly started: ReadonlySet<string>;
  /** Keys of steps that failed or could not be reached, and were neither ignored nor rescued, in their order. */
  readonly failures: ReadonlySet<string>;
  /** Plays whose rest does not concern it any more (`meta: end_host` and its like). */
  readonly endedPlays: ReadonlySet<number>;
  /** Why it was turned away before anything was done to it. */
  readonly refused?: string;
}

export interface OpenWindow {
  readonly window: string;
  readonly playNumber: number;
  readonly batch: number;
  readonly since: string;
  /** How long it may last; absent: it has no deadline. */
  readonly lengthMs?: number;
}

/** The same, while it is being folded. */
type Building<T> = {
  -readonly [K in keyof T]: T[K] extends ReadonlyMap<infer A, infer B>
    ? Map<A, B>
    : T[K] extends ReadonlySet<infer A>
      ? Set<A>
      : T[K] extends readonly (infer A)[]
        ? A[]
        : T[K];
};

/** Where every fold begins. */
export function noProgress(): Progress {
  return {
    resumedAt: [],
    plays: new Map(),
    steps: new Map(),
    hosts: new Map(),
    openWindows: new Map(),
    stops: [],
    warnings: [],
    orders: [],
    lostBefore: [],
  };
}

/** Folds a journal. */
export function replay(events: Iterable<Stamped>): Progress {
  let progress = noProgress();
  for (const event of events) progress = advance(progress, event);
  return progress;
}

/** Folds one event in. The progress that is given is used up: whoever holds it sees the new one. */
export function advance(progress: Progress, event: Stamped): Progress {
  // A run of 600 hosts has 100,000 events: a copy for each would make a replay take minutes.
  const building = progress as Building<Progress>;
  building.at = event.at;
  fold(building, event);
  return progress;
}

function fold(progress: Building<Progress>, event: Stamped): void {
  switch (event.type) {
    case 'run_started':
      progress.run = event;
      break;
    case 'run_resumed':
      goOn(progress, event.at);
      break;
    case 'play_started':
    case 'play_finished':
      foldPlay(progress, event);
      break;
    case 'batch_started':
    case 'batch_finished':
      foldBatch(progress, event);
      break;
    case 'host_refused':
      hostOf(progress, event.host).refused = event.reason;
      break;
    case 'step_started':
      startStep(progress, event);
      break;
    case 'step_finished':
      finishStep(progress, event);
      break;
    case 'window_opened':
      progress.openWindows.set(event.host, {
        window: event.window,
        playNumber: event.playNumber,
        batch: event.batch,
        since: event.at,
        ...(event.lengthMs === undefined ? {} : { lengthMs: event.lengthMs }),
      });
      break;
    case 'window_closed':
      progress.openWindows.delete(event.host);
      break;
    case 'stopping':
      progress.stops.push(event);
      break;
    case 'forecast':
      progress.forecast = event;
      break;
    case 'warning':
      progress.warnings.push(event);
      break;
    case 'run_paused':
    case 'run_aborted':
      progress.orders.push(event);
      progress.paused = event;
      break;
    case 'run_continued':
      progress.orders.push(event);
      delete progress.paused;
      break;
    case 'host_forced':
    case 'host_restarted':
    case 'host_skipped':
    case 'host_retried':
      progress.orders.push(event);
      obey(progress, event);
      break;
    case 'run_finished':
      progress.finished = { at: event.at, exitCode: event.exitCode, reason: event.reason };
      break;
    case 'journal_salvaged':
    case 'command_started':
    case 'command_output':
    case 'command_finished':
    case 'step_retried':
      break;
  }
}

/** What ended the run before does not end it now. */
function goOn(progress: Building<Progress>, at: string): void {
  progress.resumedAt.push(at);
  progress.stops.length = 0;
  delete progress.finished;
}

function foldPlay(
  progress: Building<Progress>,
  event: Stamped<Extract<RunEvent, { type: 'play_started' | 'play_finished' }>>,
): void {
  const play = playOf(progress, event);
  if (event.type === 'play_finished') play.finishedAt = event.at;
}

function foldBatch(
  progress: Building<Progress>,
  event: Stamped<Extract<RunEvent, { type: 'batch_started' | 'batch_finished' }>>,
): void {
  const { batches } = playOf(progress, event);
  const batch = batches.get(event.batch);
  if (event.type === 'batch_started')
    batches.set(event.batch, batch ?? { number: event.batch, hosts: event.hosts, startedAt: event.at });
  else if (batch !== undefined) batches.set(event.batch, { ...batch, finishedAt: event.at });
}

function startStep(progress: Building<Progress>, event: Stamped<Extract<RunEvent, { type: 'step_started' }>>): void {
  const key = addressKey(event);
  const host = hostOf(progress, event.host);
  takeBack(progress, host, key);
  reopen(progress, event);
  progress.steps.set(key, { ...addressOf(event), startedAt: event.at, status: 'started' });
  host.started.add(key);
  // It was turned away once, and let in when the run was resumed.
  delete host.refused;
}

function finishStep(progress: Building<Progress>, event: Stamped<Extract<RunEvent, { type: 'step_finished' }>>): void {
  const key = addressKey(event);
  const host = hostOf(progress, event.host);
  const { status, ignored, rescued, noLog, notified, ms, result } = event;
  const startedAt = progress.steps.get(key)?.startedAt ?? event.at;
  takeBack(progress, host, key);
  progress.steps.set(key, { ...addressOf(event), startedAt, status, ignored, rescued, noLog, notified, ms, result });
  host.counts[status] += 1;
  if ((status === 'failed' || status === 'unreachable') && !ignored && !rescued) host.failures.add(key);
  if (result.ends !== undefined) host.endedPlays.add(event.playNumber);
}

function obey(progress: Building<Progress>, order: Stamped<HostOrder>): void {
  const host = hostOf(progress, order.host);
  if (order.type === 'host_skipped') {
    host.refused = `skipped ${saidBy(order)}`;
    return;
  }
  delete host.refused;
  const step = forcedStep(order);
  if (step !== undefined) finishStep(progress, { ...step, at: order.at });
  else if (order.type === 'host_forced') forceRest(progress, host, order);
  // What failed stays failed until it has been tried.
  else if (order.type === 'host_retried') reopen(progress, order);
  else restart(progress, host, order);
}

/** What went wrong on the host in the play is no failure of it any more; what was lost stays lost. */
function forceRest(progress: Building<Progress>, host: BuildingHost, order: HostOrder): void {
  for (const [key, step] of stepsOf(progress, order)) {
    host.started.delete(key);
    host.failures.delete(key);
    if (step.status === 'refused') host.counts.refused -= 1;
  }
  host.endedPlays.add(order.playNumber);
}

function restart(progress: Building<Progress>, host: BuildingHost, order: HostOrder): void {
  for (const [key] of stepsOf(progress, order)) {
    takeBack(progress, host, key);
    progress.steps.delete(key);
  }
  host.endedPlays.delete(order.playNumber);
  reopen(progress, order);
}

function stepsOf(
  progress: Progress,
  { host, playNumber, taskId }: HostOrder,
): readonly (readonly [string, StepProgress])[] {
  return [...progress.steps].filter(
    ([, step]) =>
      step.host === host && step.playNumber === playNumber && (taskId === undefined || step.taskId === taskId),
  );
}

/** A host that was turned away is let in again: its batch and its play go on. */
function reopen(progress: Building<Progress>, { playNumber, batch }: Pick<StepAddress, 'playNumber' | 'batch'>): void {
  const play = progress.plays.get(playNumber) as Building<PlayProgress> | undefined;
  const known = play?.batches.get(batch);
  if (play === undefined || known?.finishedAt === undefined) return;
  const { finishedAt: _, ...open } = known;
  play.batches.set(batch, open);
  delete play.finishedAt;
}

/** A step that is done again replaces what was known of it. */
function takeBack(progress: Building<Progress>, host: BuildingHost, key: string): void {
  const before = progress.steps.get(key);
  host.started.delete(key);
  host.failures.delete(key);
  if (before === undefined || before.status === 'started') return;
  host.counts[before.status] -= 1;
  for (const what of lostIn(before.result)) progress.lostBefore.push({ host: before.host, what });
}

type BuildingHost = Building<Omit<HostProgress, 'counts'>> & { counts: Record<Status, number> };

function hostOf(progress: Building<Progress>, name: string): BuildingHost {
  const known = progress.hosts.get(name) as BuildingHost | undefined;
  if (known !== undefined) return known;
  const counts = { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 0, refused: 0 };
  const host: BuildingHost = { counts, started: new Set(), failures: new Set(), endedPlays: new Set() };
  progress.hosts.set(name, host);
  return host;
}

function playOf(
  progress: Building<Progress>,
  event: { readonly play: string; readonly playNumber: number; readonly at: string },
): Building<PlayProgress> {
  const known = progress.plays.get(event.playNumber) as Building<PlayProgress> | undefined;
  if (known !== undefined) return known;
  const play: Building<PlayProgress> = {
    play: event.play,
    number: event.playNumber,
    startedAt: event.at,
    batches: new Map(),
  };
  progress.plays.set(event.playNumber, play);
  return play;
}

function addressOf(event: StepAddress): StepAddress {
  const { play, playNumber, batch, host, task, taskId, flushedAt } = event;
  return { play, playNumber, batch, host, task, taskId, ...(flushedAt === undefined ? {} : { flushedAt }) };
}
