import { addressKey } from '../journal/address.ts';
import { orderText, saidBy } from '../journal/orders.ts';
import type { Progress, StepProgress } from '../journal/progress.ts';
import type { Batch, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import type { RunStatus } from '../report/status.ts';

/** A host in its play, and what is known of both. */
export interface Place {
  readonly play: PlannedPlay;
  readonly batch: Batch;
  readonly host: string;
  /** What the host has begun in the play. */
  readonly steps: readonly StepProgress[];
  readonly progress: Progress;
  readonly status: RunStatus;
  /** The playbook itself ended the batch. */
  readonly isEnded: boolean;
}

/** Why a host has not taken a step that was planned; undefined where nothing that was recorded says so. */
export function whyNotTaken(task: PlannedTask, place: Place): string | undefined {
  if (task.section === 'handlers') return 'was not notified';
  return (
    elsewhere(task, place) ??
    mended(task, place) ??
    turnedAway(place) ??
    ended(place) ??
    notNeeded(task, place) ??
    stopped(place)
  );
}

/** Done once for the whole batch. */
function elsewhere({ id, runOnce, action }: PlannedTask, { play, batch, progress }: Place): string | undefined {
  if (runOnce === false && action !== 'meta' && action !== 'pause') return undefined;
  const at = { playNumber: play.number, batch: batch.number, taskId: id };
  const host = batch.hosts.find((each) => progress.steps.has(addressKey({ ...at, host: each })));
  return host === undefined ? undefined : `is done once for the batch, on ${host}`;
}

function mended({ blocks }: PlannedTask, { play, steps }: Place): string | undefined {
  const inside = new Set(blocks.filter(({ part }) => part === 'block').map(({ id }) => id));
  const failed = steps.find(
    (step) =>
      step.status !== 'started' &&
      step.rescued &&
      play.tasks.some(({ id, blocks: its }) => id === step.taskId && its.some((part) => inside.has(part.id))),
  );
  return failed === undefined ? undefined : `"${failed.task}" failed before it, and was rescued`;
}

function turnedAway({ host, play, progress }: Place): string | undefined {
  const known = progress.hosts.get(host);
  const order = progress.orders.findLast((each) => 'host' in each && each.host === host && each.task === undefined);
  if (
    order !== undefined &&
    order.type !== 'host_restarted' &&
    'playNumber' in order &&
    order.playNumber <= play.number
  )
    return `${orderText(order)} ${saidBy(order)}`;
  const failed = progress.steps.get([...(known?.failures ?? [])].at(-1) ?? '');
  if (failed !== undefined)
    return `"${failed.task}" ${failed.status === 'unreachable' ? 'could not reach the host' : 'failed'} before it`;
  return known?.refused === undefined ? undefined : `the host was refused: ${known.refused}`;
}

function ended({ host, play, steps, progress, isEnded }: Place): string | undefined {
  const refused = steps.find(({ status }) => status === 'refused');
  if (refused !== undefined) return `"${refused.task}" was refused before it`;
  if (progress.hosts.get(host)?.endedPlays.has(play.number) === true) return 'the play ended before it on this host';
  return isEnded ? 'the playbook ended the batch before it' : undefined;
}

function notNeeded({ blocks }: PlannedTask, { steps }: Place): string | undefined {
  const isRescue = blocks.some(({ part }) => part === 'rescue');
  return isRescue && steps.length > 0 ? 'nothing failed in its block' : undefined;
}

function stopped({ play, batch, progress, status }: Place): string | undefined {
  const recorded = progress.plays.get(play.number);
  if (recorded?.finishedAt !== undefined || recorded?.batches.get(batch.number)?.finishedAt !== undefined)
    return undefined;
  if (status.state === 'running') return 'not yet';
  const [stop] = status.stops;
  if (stop !== undefined) return `the run stopped before it: ${stop}`;
  if (status.paused !== undefined)
    return `the run was ${status.paused.aborted ? 'aborted' : 'paused'} before it: ${status.paused.reason}`;
  if (status.state === 'broken_off') return 'the run broke off before it';
  return status.finished === undefined || status.finished.exitCode === 0
    ? undefined
    : `the run ended before it: ${status.finished.reason}`;
}
