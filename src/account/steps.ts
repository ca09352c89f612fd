import { groupBy } from '../inventory/fold.ts';
import type { Status } from '../journal/event.ts';
import type { FinishedStep, Progress, StepProgress } from '../journal/progress.ts';
import type { PlannedPlay, PlannedTask } from '../plan/plan.ts';
import { reasonOf } from '../report/reason.ts';
import type { RunStatus } from '../report/status.ts';
import { type Place, whyNotTaken } from './not-taken.ts';
import { plannedOrder } from './planned-order.ts';

/** A step as it was planned, and what became of it. */
export interface StepAccount {
  readonly taskId: string;
  /** As it was rendered on the host, where it was taken. */
  readonly task: string;
  /** `begun`: its end is not known, or has not come yet. */
  readonly outcome: Status | 'begun' | 'not_taken';
  readonly at?: string;
  readonly ms?: number;
  readonly attempts?: number;
  /** A failure that the playbook ignores or puts right. */
  readonly isForgiven?: true;
  /** Taken as complete by somebody's word. */
  readonly isForced?: true;
  /** Why it did not succeed, was skipped or was not taken. */
  readonly why?: string;
}

/** Of each host of a play every step that was planned, in the plan's order, and handlers where they ran. */
export function stepsOfPlay(
  play: PlannedPlay,
  all: readonly StepProgress[],
  progress: Progress,
  status: RunStatus,
): readonly { readonly host: string; readonly batch: number; readonly steps: readonly StepAccount[] }[] {
  const placeOf = plannedOrder(play);
  const everyHosts = play.tasks.filter(({ section }) => section !== 'handlers');
  const byHost = groupBy(all, ({ host }) => host);
  const tasks = new Map(play.tasks.map((task) => [task.id, task]));
  const ended = endedBatches(all);
  return play.batches.flatMap((batch) =>
    batch.hosts.map((host) => {
      const steps = byHost.get(host) ?? [];
      const isEnded = ended.has('play') || ended.has(batch.number);
      const place: Place = { play, batch, host, steps, progress, status, isEnded };
      const taken = new Set(steps.map(({ taskId }) => taskId));
      const planned = everyHosts
        .filter(({ id }) => !taken.has(id))
        .map((task) => [placeOf({ taskId: task.id }), notTaken(task, place)] as const);
      const done = steps.map((step) => [placeOf(step), takenStep(step, tasks.get(step.taskId))] as const);
      const both = [...planned, ...done].sort(([a = 0], [b = 0]) => a - b);
      return { host, batch: batch.number, steps: both.map(([, step]) => step) };
    }),
  );
}

/** Batches that the playbook itself ended (`meta: end_batch`), by number, or `play`. */
function endedBatches(steps: readonly StepProgress[]): ReadonlySet<number | 'play'> {
  return new Set(
    steps.flatMap((step): readonly (number | 'play')[] => {
      if (step.status === 'started') return [];
      return step.result.ends === 'play' ? ['play'] : step.result.ends === 'batch' ? [step.batch] : [];
    }),
  );
}

function notTaken(task: PlannedTask, place: Place): StepAccount {
  const why = whyNotTaken(task, place);
  return { taskId: task.id, task: task.name, outcome: 'not_taken', ...(why === undefined ? {} : { why }) };
}

function takenStep(step: StepProgress, task: PlannedTask | undefined): StepAccount {
  const about = { taskId: step.taskId, task: step.task, at: step.startedAt };
  if (step.status === 'started') return { ...about, outcome: 'begun' };
  const { status, ms, ignored, rescued, result } = step;
  const why = whyOf(step, task);
  return {
    ...about,
    outcome: status,
    ms,
    ...(typeof result.attempts === 'number' && result.attempts > 1 ? { attempts: result.attempts } : {}),
    ...(ignored || rescued ? { isForgiven: true as const } : {}),
    ...(result.forced === true ? { isForced: true as const } : {}),
    ...(why === undefined ? {} : { why }),
  };
}

function whyOf(step: FinishedStep, task: PlannedTask | undefined): string | undefined {
  if (step.result.forced === true) return reasonOf(step.result);
  if (step.status === 'ok' || step.status === 'changed') return undefined;
  if (step.noLog) return 'hidden by no_log';
  return step.status === 'skipped' ? whySkipped(step, task) : reasonOf(step.result);
}

function whySkipped({ result }: FinishedStep, task: PlannedTask | undefined): string {
  const said = result.msg ?? result.skip_reason ?? result.skipped_reason;
  if (result.skip_reason !== undefined && task !== undefined && task.when.length > 0)
    return `not so: ${task.when.join(' and ')}`;
  return typeof said === 'string' ? said : 'nothing was to be done';
}
