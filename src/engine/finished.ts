import type { Result } from '../actions/action.ts';
import type { Status } from '../journal/event.ts';
import { lostIn } from '../journal/lost.ts';
import type { PlannedPlay, PlannedTask } from '../plan/plan.ts';
import type { Mask } from '../shell/masking.ts';
import { isMap, type Value, type ValueMap } from '../source/value.ts';
import type { Course } from './course.ts';
import { effectOf } from './effect-of.ts';
import type { StepFinished } from './history.ts';
import { flag, safely } from './keywords.ts';
import { type Attempted, asValue } from './step.ts';

/** A step's end as the journal holds it: secrets masked, what nobody may read left out. */
export function finished(step: Attempted, result: Result, ms: number, course: Course): StepFinished {
  const { task } = step.at;
  const status = statusOf(result);
  const failed = status === 'failed' || status === 'unreachable';
  const ignored =
    failed &&
    safely(() => flag(step, status === 'failed' ? task.ignoreErrors : task.ignoreUnreachable, 'ignore_errors'), false);
  return {
    type: 'step_finished',
    ...step.address,
    status,
    ignored,
    rescued: status === 'failed' && !ignored && isRescued(standingAt(step, course), step.at.play),
    ms,
    noLog: step.noLog,
    ...(task.blocks.length > 0 && effectOf(step) === 'reads' ? { reads: true } : {}),
    notified:
      status === 'changed' ? task.notify.flatMap((name) => course.history(step.at.play).handlersNamed(name)) : [],
    result: step.noLog ? censored(result) : masked(asValue(result), step.mask),
  };
}

function statusOf(result: Result): Status {
  if (result.unreachable === true) return 'unreachable';
  if (result.refused === true) return 'refused';
  if (result.failed === true) return 'failed';
  if (result.skipped === true) return 'skipped';
  return result.changed ? 'changed' : 'ok';
}

/** A handler fails where it is flushed. */
function standingAt({ address, at }: Attempted, course: Course): PlannedTask {
  const flushedBy = address.flushedAt === undefined ? undefined : course.history(at.play).taskAt(address.flushedAt);
  return flushedBy ?? at.task;
}

function isRescued(task: PlannedTask, play: PlannedPlay): boolean {
  return task.blocks.some(
    ({ id, part }) =>
      part === 'block' &&
      play.tasks.some((other) => other.blocks.some((its) => its.id === id && its.part === 'rescue')),
  );
}

function censored(result: Result): ValueMap {
  // How much was lost, and not what.
  const lost = lostIn(result).map(() => true);
  return {
    censored: "the output has been hidden due to the fact that 'no_log: true' was specified for this result",
    changed: result.changed,
    ...(result.failed === undefined ? {} : { failed: result.failed }),
    ...(result.skipped === undefined ? {} : { skipped: result.skipped }),
    ...(result.unreachable === undefined ? {} : { unreachable: result.unreachable }),
    ...(result.refused === undefined ? {} : { refused: result.refused }),
    ...(result.in_doubt === undefined ? {} : { in_doubt: result.in_doubt }),
    // The walk, at resume too, and the exit code go by these.
    ...(result.ends === undefined ? {} : { ends: result.ends }),
    ...(lost.length === 0 ? {} : { lost }),
  };
}

export function masked(value: ValueMap, mask: Mask): ValueMap {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, maskedValue(member, mask)]));
}

function maskedValue(value: Value, mask: Mask): Value {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskedValue(item, mask));
  return isMap(value) ? masked(value, mask) : value;
}
