import { judgeBudget } from '../gates/budget.ts';
import type { PlannedTask } from '../plan/plan.ts';
import type { Course } from './course.ts';
import { flag, safely } from './keywords.ts';
import { addressOf, type Spot } from './spot.ts';

/** After each step: has the host failed, or lost something, and is that more than the play bears? */
export async function judgeFailures(spot: Spot, course: Course): Promise<void> {
  if (course.closed !== undefined) return;
  const { play, host } = spot;
  const failedAt = course.failures.in(play).get(host);
  if (failedAt === undefined && course.lost.in(play).length === 0) return;
  if (failedAt !== undefined && isFatal(failedAt, spot, course))
    return stop('fatal', `${failedAt.name} failed on ${host}, and any_errors_fatal holds there`, spot, course);
  const reason = reasonToStop(spot, course);
  if (reason !== undefined) await stop('budget', reason, spot, course);
}

function reasonToStop({ play, batch }: Spot, { failures, lost }: Course): string | undefined {
  const failed = failures.in(play);
  const verdict = judgeBudget(play, {
    inBatch: batch.hosts.filter((host) => failed.has(host)).length,
    batchSize: batch.hosts.length,
    inPlay: failed.size,
    lost: lost.in(play),
  });
  return verdict.open ? undefined : verdict.reason;
}

function stop(why: 'fatal' | 'budget', reason: string, spot: Spot, course: Course): Promise<void> {
  const { playNumber, batch } = addressOf(spot);
  return course.close({ type: 'stopping', scope: 'run', why, reason, playNumber, batch });
}

/** Where nobody can tell, it is: a stop can be taken back. */
function isFatal(task: PlannedTask, spot: Spot, { world, variables }: Course): boolean {
  const step = { world, variables, at: { ...spot, task } };
  return safely(() => flag(step, task.anyErrorsFatal, 'any_errors_fatal'), true);
}
