import { batchStatus, type Derived, playStatus, runStatus, tasksOfEveryHost } from '../journal/derived.ts';
import type { Actor, Order } from '../journal/event.ts';
import { lostIn, lostName } from '../journal/lost.ts';
import type { Progress, StepProgress } from '../journal/progress.ts';
import type { Plan, PlannedPlay } from '../plan/plan.ts';
import { msBetween } from './durations.ts';
import { type Failure, type RecapOptions, type Refused, recapOf } from './recap.ts';

/** Where a run stands, for people and for programs: derived from its plan and its journal, stored nowhere. */
export interface RunStatus {
  readonly version: 1;
  readonly run: string;
  readonly playbook: string;
  /** `broken_off`: neither ended nor run by anybody. */
  readonly state: Derived | 'broken_off';
  readonly paused?: { readonly at: string; readonly reason: string; readonly by?: Actor; readonly aborted: boolean };
  /** Who runs it just now. */
  readonly process?: { readonly user: string; readonly pid: number; readonly since: string };
  readonly startedAt?: string;
  readonly at?: string;
  readonly finished?: { readonly at: string; readonly exitCode: number; readonly reason: string };
  /** Since it was started, breaks included. */
  readonly ms: number;
  /** Going by the hosts that are through; absent while too few are, and when it has come to its end. */
  readonly leftMs?: number;
  readonly windows: readonly OpenWindowStatus[];
  readonly lost: readonly { readonly host: string; readonly what: string }[];
  readonly failures: readonly Failure[];
  readonly refusals: readonly Refused[];
  readonly unknown: readonly { readonly host: string; readonly task: string; readonly since: string }[];
  readonly stops: readonly string[];
  readonly orders: readonly (Order & { readonly at: string })[];
  /** What may be typed now, the most urgent first. */
  readonly next: readonly string[];
  readonly plays: readonly PlayStatus[];
}

export interface OpenWindowStatus {
  readonly host: string;
  readonly window: string;
  readonly since: string;
  readonly ms: number;
  /** Until its deadline, below zero behind it; absent where it has none. By this machine's clock. */
  readonly leftMs?: number;
  readonly task?: string;
}

export interface PlayStatus {
  readonly number: number;
  readonly name: string;
  readonly state: Derived;
  readonly hosts: number;
  readonly through: number;
  readonly batches: readonly BatchStatus[];
}

export interface BatchStatus {
  readonly number: number;
  readonly state: Derived;
  readonly startedAt?: string;
  readonly ms?: number;
  readonly hosts: Readonly<Partial<Record<HostState, readonly string[]>>>;
  /** The steps of hosts that have begun and are not through. */
  readonly unfinished: readonly HostStatus[];
}

/** Where a host is in its batch. `waiting`: it has begun, and nothing runs on it. */
export type HostState =
  | 'in_window'
  | 'running'
  | 'waiting'
  | 'failed'
  | 'unreachable'
  | 'refused'
  | 'not_started'
  | 'through';

export interface HostStatus {
  readonly host: string;
  readonly state: HostState;
  readonly done: number;
  readonly of: number;
  readonly steps: readonly {
    readonly task: string;
    readonly taskId: string;
    readonly status: string;
    readonly at: string;
    readonly ms: number;
  }[];
}

export interface StatusOptions extends Omit<RecapOptions, 'plan'> {
  readonly plan: Plan;
  /** ISO 8601. */
  readonly now: string;
  readonly holder?: { readonly user: string; readonly pid: number; readonly since: string };
  /** What follows each command, such as ` --state-dir /srv/state`. */
  readonly suffix: string;
}

export function statusOf(progress: Progress, options: StatusOptions): RunStatus {
  const { plan, holder } = options;
  const recap = recapOf(progress, options);
  const derived = runStatus(progress);
  const state: RunStatus['state'] = derived === 'running' && holder === undefined ? 'broken_off' : derived;
  const { paused } = progress;
  const steps = stepsByHost(progress);
  // Nothing goes on in a run that broke off: its clocks stand still. A window's does not.
  const now = state === 'running' ? options.now : (progress.at ?? options.now);
  const plays = plan.plays.map((play) => playOf(play, progress, steps, now));
  const leftMs = progress.finished === undefined ? timeLeft(plan, plays, steps) : undefined;
  const status = {
    version: 1 as const,
    run: recap.run,
    playbook: progress.run?.playbook ?? plan.playbook,
    state,
    ...(paused === undefined
      ? {}
      : {
          paused: {
            at: paused.at,
            reason: paused.reason,
            ...(paused.by === undefined ? {} : { by: paused.by }),
            aborted: paused.type === 'run_aborted',
          },
        }),
    ...(holder === undefined ? {} : { process: { user: holder.user, pid: holder.pid, since: holder.since } }),
    ...(progress.run === undefined ? {} : { startedAt: progress.run.at }),
    ...(progress.at === undefined ? {} : { at: progress.at }),
    ...(progress.finished === undefined ? {} : { finished: progress.finished }),
    ms: msBetween(progress.run?.at ?? now, now),
    ...(leftMs === undefined ? {} : { leftMs }),
    windows: windowsOf(progress, options.now),
    lost: lostOf(progress),
    failures: recap.failures,
    refusals: recap.refusals,
    unknown: state === 'running' ? [] : recap.unknown,
    stops: recap.stops,
    orders: progress.orders,
    plays,
  };
  return { ...status, next: nextCommands(status, options) };
}

function windowsOf(progress: Progress, now: string): readonly OpenWindowStatus[] {
  const open = [...progress.openWindows].map(([host, { window, since, lengthMs }]): OpenWindowStatus => {
    const ms = msBetween(since, now);
    const [key] = [...(progress.hosts.get(host)?.started ?? [])].slice(-1);
    const step = key === undefined ? undefined : progress.steps.get(key);
    return {
      host,
      window,
      since,
      ms,
      ...(lengthMs === undefined ? {} : { leftMs: lengthMs - ms }),
      ...(step === undefined ? {} : { task: step.task }),
    };
  });
  return open.sort(
    (a, b) => (a.leftMs ?? Number.POSITIVE_INFINITY) - (b.leftMs ?? Number.POSITIVE_INFINITY) || b.ms - a.ms,
  );
}

function lostOf(progress: Progress): RunStatus['lost'] {
  const named = new Map<string, { readonly host: string; readonly what: string }>();
  const add = (host: string, what: string) => named.set(JSON.stringify([host, what]), { host, what });
  for (const { host, what } of progress.lostBefore) add(host, lostName(what));
  for (const step of progress.steps.values())
    if (step.status !== 'started') for (const what of lostIn(step.result)) add(step.host, lostName(what));
  return [...named.values()];
}

type StepsByHost = ReadonlyMap<string, readonly StepProgress[]>;

/** By host and play: looking through all steps for each of 600 hosts would take seconds. */
function stepsByHost(progress: Progress): StepsByHost {
  const byHost = new Map<string, StepProgress[]>();
  for (const step of progress.steps.values()) {
    const key = hostKey(step.playNumber, step.host);
    const known = byHost.get(key);
    if (known === undefined) byHost.set(key, [step]);
    else known.push(step);
  }
  return byHost;
}

function hostKey(playNumber: number, host: string): string {
  return `${playNumber}/${host}`;
}

function playOf(play: PlannedPlay, progress: Progress, steps: StepsByHost, now: string): PlayStatus {
  const expected = new Set(tasksOfEveryHost(play));
  const batches = play.batches.map((batch): BatchStatus => {
    const known = progress.plays.get(play.number)?.batches.get(batch.number);
    const hosts = batch.hosts.map((host) =>
      hostOf(host, play, known?.finishedAt !== undefined, expected, progress, steps, now),
    );
    const end = known?.finishedAt ?? (progress.finished === undefined ? now : progress.finished.at);
    return {
      number: batch.number,
      state: batchStatus(progress, play.number, batch.number),
      ...(known === undefined ? {} : { startedAt: known.startedAt, ms: msBetween(known.startedAt, end) }),
      hosts: byState(hosts),
      unfinished: hosts.filter(({ state, steps: its }) => state !== 'through' && its.length > 0),
    };
  });
  return {
    number: play.number,
    name: play.name,
    state: playStatus(progress, play.number),
    hosts: batches.length === 0 ? 0 : play.batches.reduce((sum, { hosts }) => sum + hosts.length, 0),
    through: batches.reduce((sum, { hosts }) => sum + (hosts.through?.length ?? 0), 0),
    batches,
  };
}

function hostOf(
  host: string,
  play: PlannedPlay,
  batchIsOver: boolean,
  expected: ReadonlySet<string>,
  progress: Progress,
  byHost: StepsByHost,
  now: string,
): HostStatus {
  const steps = byHost.get(hostKey(play.number, host)) ?? [];
  const done = steps.filter(({ taskId, status }) => expected.has(taskId) && status !== 'started').length;
  return {
    host,
    state: stateOf(host, play.number, steps, batchIsOver || done >= expected.size, progress),
    done,
    of: expected.size,
    steps: steps.map((step) => ({
      task: step.task,
      taskId: step.taskId,
      status: step.status,
      at: step.startedAt,
      ms: step.status === 'started' ? msBetween(step.startedAt, now) : step.ms,
    })),
  };
}

function stateOf(
  name: string,
  playNumber: number,
  steps: readonly StepProgress[],
  isThrough: boolean,
  progress: Progress,
): HostState {
  const host = progress.hosts.get(name);
  if (progress.openWindows.get(name)?.playNumber === playNumber) return 'in_window';
  const failed = [...(host?.failures ?? [])]
    .map((key) => progress.steps.get(key))
    .findLast((step) => step?.playNumber === playNumber);
  if (failed !== undefined) return failed.status === 'unreachable' ? 'unreachable' : 'failed';
  if (host?.endedPlays.has(playNumber) === true) return 'through';
  if (steps.some(({ status }) => status === 'started')) return 'running';
  if (host?.refused !== undefined || steps.some(({ status }) => status === 'refused')) return 'refused';
  if (isThrough) return 'through';
  return steps.length > 0 ? 'waiting' : 'not_started';
}

function byState(hosts: readonly HostStatus[]): BatchStatus['hosts'] {
  const states: Partial<Record<HostState, string[]>> = {};
  for (const { host, state } of hosts) {
    const known = states[state];
    if (known === undefined) states[state] = [host];
    else known.push(host);
  }
  return states;
}

/** What hosts that are through have taken on average, for those that are not, as many at once as their batch allows. */
function timeLeft(plan: Plan, plays: readonly PlayStatus[], steps: StepsByHost): number | undefined {
  let left = 0;
  for (const [index, { number, batches }] of plays.entries()) {
    const forks = plan.plays[index]?.forks ?? 1;
    const taken = (hosts: readonly string[]) =>
      hosts.reduce((sum, host) => sum + workMs(steps.get(hostKey(number, host))), 0);
    const through = batches.flatMap(({ hosts }) => hosts.through ?? []);
    const waiting = batches.map(({ hosts: { in_window = [], running = [], waiting = [], not_started = [] } }) => [
      ...in_window,
      ...running,
      ...waiting,
      ...not_started,
    ]);
    if (waiting.every((hosts) => hosts.length === 0)) continue;
    if (through.length === 0) return undefined;
    const each = taken(through) / through.length;
    for (const hosts of waiting) {
      const work = Math.max(0, each * hosts.length - taken(hosts));
      left += work / Math.max(1, Math.min(forks, hosts.length));
    }
  }
  return left;
}

function workMs(steps: readonly StepProgress[] = []): number {
  return steps.reduce((sum, step) => sum + (step.status === 'started' ? 0 : step.ms), 0);
}

function nextCommands(status: Omit<RunStatus, 'next'>, { suffix, resumeCommand }: StatusOptions): readonly string[] {
  const { run, state, paused, failures, refusals } = status;
  const isLeft = state !== 'complete' && state !== 'running';
  const say = (words: string) => `rollgate ${words}${suffix}`;
  const goOn = [
    ...(paused === undefined ? [] : [say(`continue ${run} --reason "…"`)]),
    ...(isLeft && status.process === undefined ? [resumeCommand] : []),
  ];
  const [failed] = failures;
  const [refused] = refusals;
  return [
    // A window does not wait for whoever is to say continue: it is brought home first.
    ...(status.windows.length > 0 ? goOn.toReversed() : goOn),
    ...(failed === undefined
      ? []
      : [say(`logs ${run} ${failed.host}`), say(`restart ${run} ${failed.host} --reason "…"`)]),
    ...(refused === undefined && state !== 'running'
      ? []
      : [say(`explain ${run}${refused === undefined ? '' : ` ${refused.host}`}`)]),
  ];
}
