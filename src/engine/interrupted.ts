import type { Result } from '../actions/action.ts';
import { findAction } from '../actions/registry.ts';
import type { PlannedTask } from '../plan/plan.ts';
import type { Course } from './course.ts';
import { effectOf } from './effect-of.ts';
import { runsOnce } from './history.ts';
import type { Attempted } from './step.ts';

/** A step that was begun before a break: taken again where that is harmless or a probe can tell, else a person says. */
export async function settleInterrupted(
  step: Attempted,
  inWindow: boolean,
  course: Course,
): Promise<'do' | 'refused' | Result> {
  const { task, host, play, batch } = step.at;
  if (effectOf(step) !== 'opaque' || isLeftOut(step)) return 'do';
  const question = `"${step.address.task}" (${task.at}) was begun on ${host} before the run broke off, and nothing can tell whether it was done`;
  const answer = await course.world.operator.resolve(question);
  switch (answer) {
    case 'redo':
      return 'do';
    case 'assume-done':
      return { changed: true, msg: 'taken as done, on the word of an operator', assumed: true };
    case 'nobody': {
      // In a window the rest must still be brought home: the step counts as failed, and what must finish runs.
      if (inWindow) return { changed: false, failed: true, msg: `${question}; it was not done again` };
      // What is done once for a batch is in doubt for all of it.
      const doubtful = runsOnce(task) ? batch.hosts.filter((other) => !course.out.has(other)) : [host];
      for (const other of doubtful)
        await course.refuse(play, batch, other, `${question}: resume with --assume-done or --redo, and --reason`);
      return 'refused';
    }
  }
}

/** Its condition does not hold, as it did not before: nothing was done. */
function isLeftOut({ world, variables, at }: Attempted): boolean {
  if (at.task.loop !== undefined) return false;
  const condition = world.expressions.holds(at.task.when, variables.scope(at));
  return condition.ok && !condition.value;
}

/** What it began before a break has its own end by now: that is found out, whatever became of the window. */
export function followsUp({ action }: PlannedTask): boolean {
  const found = findAction(action);
  return found?.kind === 'host' && found.followsUp === true;
}
