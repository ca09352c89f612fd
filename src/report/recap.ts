import { join } from 'node:path';
import { foldHosts } from '../inventory/fold.ts';
import { type Standing, standings } from '../journal/derived.ts';
import { orderText, saidBy } from '../journal/orders.ts';
import type { FinishedStep, HostProgress, Progress } from '../journal/progress.ts';
import type { Plan } from '../plan/plan.ts';
import { msBetween, timeOfDay } from './durations.ts';
import { forecastText } from './forecast-line.ts';
import { logFileName } from './log-file.ts';
import { reasonOf } from './reason.ts';

/** What a run came to, as people and programs are told at its end. */
export interface Recap {
  readonly run: string;
  readonly isDryRun: boolean;
  /** Absent when the run has not come to its end. */
  readonly finished?: { readonly exitCode: number; readonly reason: string };
  /** Since the run was started, breaks included. */
  readonly ms: number;
  readonly hosts: ReadonlyMap<string, Standing>;
  readonly failures: readonly Failure[];
  readonly refusals: readonly Refused[];
  /** Steps that were begun and of which nobody knows the end. */
  readonly unknown: readonly { readonly host: string; readonly task: string; readonly since: string }[];
  readonly windows: readonly { readonly host: string; readonly window: string; readonly since: string }[];
  readonly stops: readonly string[];
  /** What operators said, in words. */
  readonly orders: readonly string[];
  /** When the rest would have been done; absent when nothing is left. */
  readonly forecast?: string;
  /** The command that goes on with the run; absent when nothing is left to do. */
  readonly resume?: string;
}

export interface Failure {
  readonly host: string;
  readonly status: 'failed' | 'unreachable';
  readonly play: string;
  readonly batch: number;
  readonly task: string;
  readonly taskId: string;
  readonly reason: string;
  /** Path of the host's log. */
  readonly log: string;
}

export interface Refused {
  readonly host: string;
  readonly reason: string;
}

export interface RecapOptions {
  readonly plan: Pick<Plan, 'plays'>;
  /** Where the hosts' logs are, as it is to be printed. */
  readonly logFolder: string;
  /** What to type to go on, such as `rollgate resume 20261121T071500Z-7f3a`. */
  readonly resumeCommand: string;
}

export function recapOf(progress: Progress, options: RecapOptions): Recap {
  const hosts = standings(progress, options.plan);
  const left = [...hosts.values()].some(
    (came) => came === 'unfinished' || came === 'not_started' || came === 'refused',
  );
  return {
    run: progress.run?.run ?? '',
    isDryRun: progress.run?.check === true,
    ...(progress.finished === undefined ? {} : { finished: progress.finished }),
    ms: msBetween(progress.run?.at ?? '', progress.at ?? ''),
    hosts,
    failures: [...progress.hosts].flatMap(([name, host]) => failureOf(progress, name, host, options.logFolder)),
    refusals: [...progress.hosts].flatMap(([name, host]) => refusalOf(progress, name, host)),
    unknown: [...progress.hosts.values()].flatMap((host) => unknownOf(progress, host)),
    windows: [...progress.openWindows].map(([host, { window, since }]) => ({ host, window, since })),
    stops: progress.stops.map((stop) => stop.reason),
    orders: progress.orders.map((order) => `${timeOfDay(order.at)} ${orderText(order)} ${saidBy(order)}`),
    ...(left && progress.forecast !== undefined ? { forecast: forecastText(progress.forecast) } : {}),
    ...(left && progress.run?.check !== true ? { resume: options.resumeCommand } : {}),
  };
}

/** The step that a host came to grief at: its last failure. */
function failureOf(progress: Progress, name: string, host: HostProgress, logFolder: string): readonly Failure[] {
  const step = finishedStep(progress, [...host.failures].at(-1));
  if (step === undefined) return [];
  const { play, batch, task, taskId } = step;
  const status = step.status === 'unreachable' ? 'unreachable' : 'failed';
  return [
    { host: name, status, play, batch, task, taskId, reason: reasonIn(step), log: join(logFolder, logFileName(name)) },
  ];
}

function refusalOf(progress: Progress, name: string, host: HostProgress): readonly Refused[] {
  if (host.refused !== undefined) return [{ host: name, reason: host.refused }];
  if (host.counts.refused === 0) return [];
  const step = [...progress.steps.values()].find((each) => each.host === name && each.status === 'refused');
  return [{ host: name, reason: step === undefined || step.status === 'started' ? '' : reasonIn(step) }];
}

function unknownOf(progress: Progress, host: HostProgress): Recap['unknown'] {
  return [...host.started].flatMap((key) => {
    const step = progress.steps.get(key);
    return step === undefined ? [] : [{ host: step.host, task: step.task, since: step.startedAt }];
  });
}

function finishedStep(progress: Progress, key: string | undefined): FinishedStep | undefined {
  const step = key === undefined ? undefined : progress.steps.get(key);
  return step === undefined || step.status === 'started' ? undefined : step;
}

function reasonIn(step: FinishedStep): string {
  return step.noLog ? 'hidden by no_log' : reasonOf(step.result);
}

/** Things that are alike, with the hosts they hold for, folded; the most common first. */
export function grouped<T extends { readonly host: string }>(
  items: readonly T[],
  label: (item: T) => string,
): readonly { readonly hosts: string; readonly count: number; readonly first: T }[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(label(item));
    if (group === undefined) groups.set(label(item), [item]);
    else group.push(item);
  }
  return [...groups.values()]
    .flatMap((group) =>
      group[0] === undefined
        ? []
        : [{ hosts: foldHosts(group.map(({ host }) => host)), count: group.length, first: group[0] }],
    )
    .sort((a, b) => b.count - a.count);
}
