import type { StepAddress } from '../journal/event.ts';
import type { PlannedPlay } from '../plan/plan.ts';
import { handlersOf, type Node, treeOf } from '../plan/tree.ts';

/** Where a step comes in its play, as the plan has it; undefined where the plan does not have it. */
export type PlaceOf = (step: Pick<StepAddress, 'taskId' | 'flushedAt'>) => number | undefined;

/** The order in which a host is to go through a play: blocks before what mends them, handlers where they are flushed. */
export function plannedOrder(play: PlannedPlay): PlaceOf {
  const tasks = new Map<string, number>();
  const flushes = new Map<number, number>();
  enter(treeOf(play), tasks, flushes);
  const handlers = handlersOf(play).map(({ id }) => id);
  return ({ taskId, flushedAt }) => {
    if (flushedAt === undefined) return tasks.get(taskId);
    const flush = flushes.get(flushedAt);
    const index = handlers.indexOf(taskId);
    return flush === undefined || index === -1 ? undefined : flush + (index + 1) / (handlers.length + 2);
  };
}

function enter(nodes: readonly Node[], tasks: Map<string, number>, flushes: Map<number, number>): void {
  for (const node of nodes) {
    if (node.kind === 'block') enter([node.block, node.rescue, node.always, node.mustFinish].flat(), tasks, flushes);
    else {
      // A task that flushes handlers is through only when they are.
      flushes.set(node.position, tasks.size + flushes.size);
      if (node.kind === 'task') tasks.set(node.task.id, tasks.size + flushes.size);
    }
  }
}
