import type { Plan, PlannedPlay } from '../plan/plan.ts';
import { addressKey } from './address.ts';
import type { BatchProgress, HostProgress, PlayProgress, Progress } from './progress.ts';

/** How far something with parts has come. Never recorded: a batch, a play and a run are what their steps are. */
export type Derived =
  | 'pending'
  | 'running'
  /** It came to its end, and nobody failed in it. */
  | 'complete'
  /** It came to its end, or was stopped, and somebody failed in it. */
  | 'failed'
  /** It was stopped before its end, and nobody had failed in it. */
  | 'stopped';

/** What a host came to in the whole run. */
export type Standing =
  | 'failed'
  | 'unreachable'
  /** Turned away by a gate or by another run that holds it. */
  | 'refused'
  /** Something was done, and something is left to do. */
  | 'unfinished'
  | 'not_started'
  | 'changed'
  | 'ok';

export function runStatus(progress: Progress): Derived {
  if (progress.run === undefined) return 'pending';
  const failed = [...progress.hosts.values()].some((host) => host.failures.size > 0);
  if (progress.finished === undefined) return 'running';
  if (failed) return 'failed';
  return progress.finished.exitCode === 0 ? 'complete' : 'stopped';
}

export function playStatus(progress: Progress, playNumber: number): Derived {
  const play = progress.plays.get(playNumber);
  if (play === undefined) return 'pending';
  const hosts = [...play.batches.values()].flatMap((batch) => batch.hosts);
  return statusOf(progress, playNumber, play, hosts);
}

export function batchStatus(progress: Progress, playNumber: number, batchNumber: number): Derived {
  const batch = progress.plays.get(playNumber)?.batches.get(batchNumber);
  return batch === undefined ? 'pending' : statusOf(progress, playNumber, batch, batch.hosts);
}

function statusOf(
  progress: Progress,
  playNumber: number,
  part: PlayProgress | BatchProgress,
  hosts: readonly string[],
): Derived {
  const over = part.finishedAt !== undefined || progress.finished !== undefined;
  if (!over) return 'running';
  if (hosts.some((host) => failedIn(progress, host, playNumber))) return 'failed';
  return part.finishedAt === undefined ? 'stopped' : 'complete';
}

function failedIn(progress: Progress, host: string, playNumber: number): boolean {
  const failures = progress.hosts.get(host)?.failures ?? new Set<string>();
  return [...failures].some((key) => progress.steps.get(key)?.playNumber === playNumber);
}

/** What every host of the plan came to, in the plan's order. */
export function standings(progress: Progress, plan: Pick<Plan, 'plays'>): ReadonlyMap<string, Standing> {
  const left = hostsWithWorkLeft(progress, plan);
  const names = plan.plays.flatMap((play) => play.batches.flatMap((batch) => batch.hosts));
  return new Map(names.map((name) => [name, standingOf(progress, progress.hosts.get(name), left.has(name))]));
}

function standingOf(progress: Progress, host: HostProgress | undefined, workLeft: boolean): Standing {
  if (host === undefined) return workLeft ? 'not_started' : 'ok';
  const last = [...host.failures].at(-1);
  if (last !== undefined) return progress.steps.get(last)?.status === 'unreachable' ? 'unreachable' : 'failed';
  if (host.refused !== undefined || host.counts.refused > 0) return 'refused';
  if (host.started.size > 0 || workLeft) return 'unfinished';
  return host.counts.changed > 0 ? 'changed' : 'ok';
}

function hostsWithWorkLeft(progress: Progress, plan: Pick<Plan, 'plays'>): ReadonlySet<string> {
  const left = new Set<string>();
  for (const play of plan.plays) {
    const recorded = progress.plays.get(play.number);
    if (recorded?.finishedAt !== undefined) continue;
    const expected = tasksOfEveryHost(play);
    for (const batch of play.batches) {
      if (recorded?.batches.get(batch.number)?.finishedAt !== undefined) continue;
      const at = { playNumber: play.number, batch: batch.number };
      for (const host of batch.hosts) {
        const ended = progress.hosts.get(host)?.endedPlays.has(play.number) === true;
        if (!ended && !expected.every((taskId) => isOver(progress, addressKey({ ...at, taskId, host }))))
          left.add(host);
      }
    }
  }
  return left;
}

function isOver(progress: Progress, key: string): boolean {
  const step = progress.steps.get(key);
  return step !== undefined && step.status !== 'started';
}

/** Ids of the tasks that each host that does not fail takes: no handlers, no rescue, nothing done once for all. */
export function tasksOfEveryHost(play: Pick<PlannedPlay, 'tasks'>): readonly string[] {
  return play.tasks
    .filter((task) => task.section !== 'handlers' && task.runOnce === false)
    .filter((task) => task.action !== 'meta' && task.action !== 'pause')
    .filter((task) => !task.blocks.some((block) => block.part === 'rescue'))
    .map((task) => task.id);
}
