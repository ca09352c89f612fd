import type { Drift, Grounds, Result } from '../actions/action.ts';
import { findAction } from '../actions/registry.ts';
import type { PlannedTask } from '../plan/plan.ts';
import type { ValueMap } from '../source/value.ts';

/** By host and task id: what those who approved the plan had seen. */
export type Approved = Readonly<Record<string, Readonly<Record<string, ValueMap>>>>;

/** What of its host a task's result gives an approval to rest on; undefined: nothing, or it came to nothing. */
export function groundsIn(action: string, result: ValueMap): ValueMap | undefined {
  const grounds = groundsOf(action);
  return grounds === undefined || cameToNothing(result) ? undefined : grounds.of(result);
}

/**
 * A host that is not what was approved any more is turned away, with every difference; what is new on it is told.
 * `shown`: the result with its secrets masked, as it was when the plan was made.
 */
export function asApproved(result: Result, shown: ValueMap, { action }: PlannedTask, approved: ValueMap): Result {
  const now = groundsIn(action, shown);
  const drift = now && groundsOf(action)?.compare(approved, now);
  return drift === undefined ? result : judged(result, drift);
}

function judged(result: Result, { against, news }: Drift): Result {
  const told = news.length === 0 ? [] : [`new since the plan was approved: ${news.join(', ')}`];
  if (against.length === 0) return told.length === 0 ? result : { ...result, msg: [result.msg, ...told].join('; ') };
  const why = `it is not the host that was approved: ${[...against, ...told].join('; ')}`;
  return {
    changed: false,
    refused: true,
    msg: `${why}. Look why, then have a plan for it approved anew (plan --probe -l)`,
  };
}

function groundsOf(name: string): Grounds | undefined {
  const action = findAction(name);
  return action?.kind === 'host' ? action.grounds : undefined;
}

/** In a loop each turn looks for itself: there is no one host to compare. */
function cameToNothing({ failed, refused, skipped, unreachable, results }: ValueMap): boolean {
  return [failed, refused, skipped, unreachable].includes(true) || results !== undefined;
}
