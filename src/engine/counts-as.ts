import type { Result } from '../actions/action.ts';
import { leavesUndone } from '../journal/undone.ts';
import { asApproved } from './as-approved.ts';
import type { Course } from './course.ts';
import { asTheHostIsNow } from './dry-run.ts';
import { effectOf } from './effect-of.ts';
import { masked } from './finished.ts';
import { type Attempted, asValue } from './step.ts';

/** A step that is taken, and what was known of its host before it was. */
export interface Taking {
  readonly step: Attempted;
  readonly inWindow: boolean;
  /** Its window has touched the host before. */
  readonly hasBegun: boolean;
  /** It was under way when rollgate died. */
  readonly interrupted: boolean;
}

/** What a step came to, as the run counts it: in a dry run, in a window, after a break, against what was approved. */
export function countsAs(came: Result, taking: Taking, course: Course): Result {
  const { step } = taking;
  const seen = course.dryRun === undefined ? came : inDryRun(came, step, course);
  const counted = broughtAbout(notRefused(seen, taking), taking);
  const approved = course.approvedOf(step.at.host, step.at.task.id);
  return approved === undefined
    ? counted
    : asApproved(counted, masked(asValue(counted), step.mask), step.at.task, approved);
}

/** A host can be turned away only where nothing was done to it. */
function notRefused(result: Result, { step, inWindow, hasBegun, interrupted }: Taking): Result {
  if (hasBegun || (inWindow && result.changed)) return inBegunWindow(result);
  return interrupted ? inDoubt(result, step) : result;
}

/** It was under way when rollgate died: whatever the probe found now, this step brought it about. */
function broughtAbout(result: Result, { step, interrupted }: Taking): Result {
  if (!interrupted || result.failed === true || result.refused === true || result.skipped === true) return result;
  return { ...result, changed: result.changed || step.at.task.notify.length > 0 };
}

/** What was really sent in a dry run (`check_mode: false`) came to what it came to. */
function inDryRun(result: Result, { at, address, check }: Attempted, { undone }: Course): Result {
  const told = check ? asTheHostIsNow(result, at.task, undone.get(at.host)) : result;
  if (leavesUndone(told)) undone.set(at.host, address.task);
  return told;
}

/** After the first step of a window that may have changed something, gates inform: the host is to be brought home. */
function inBegunWindow(result: Result): Result {
  return asFailure(result, 'its window has begun, so this counts as a failure, and what must finish runs');
}

/** Of a step that was under way when rollgate died, nobody can say that nothing was done; one that only asks did nothing. */
function inDoubt(result: Result, step: Attempted): Result {
  if (effectOf(step) === 'reads') return result;
  return asFailure(result, 'it was under way when the run broke off: look what it did on the host');
}

function asFailure(result: Result, why: string): Result {
  if (result.refused !== true) return result;
  const { refused: _, ...rest } = result;
  return { ...rest, failed: true, msg: `it says no: ${String(result.msg ?? '')}; ${why}` };
}
