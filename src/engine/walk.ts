import type { PlannedTask } from '../plan/plan.ts';
import type { BlockNode, Node } from '../plan/tree.ts';

/** What is known of a task on a host: how it ended, as far as the walk cares. */
export type Ending =
  | 'passed'
  | 'failed'
  | 'unreachable'
  /** A gate said no: nothing was done, and the host goes no further until somebody resumes the run. */
  | 'refused'
  /** `meta: end_host` and its like: the host has nothing more to do in this play. */
  | 'ended';

/** The endings after which a host does not go on; only a failure can be rescued. */
export type Grief = Extract<Ending, 'failed' | 'unreachable' | 'refused'>;

/** What the walk asks of a host's history. */
export interface History {
  /** `meta` ended the batch or the play: what has not been done is not done any more. */
  readonly isOver?: boolean;
  /** The window that the host is in: it is brought home whatever ended around it. */
  readonly openWindow?: string | undefined;
  /** How the task ended here; undefined when it has not. */
  ending(task: PlannedTask): Ending | undefined;
  /** The notified handler that runs next at this place, if one is waiting and the place has not been passed. */
  nextHandler(position: number): PlannedTask | undefined;
  /** The handler that went wrong at this place. */
  failedHandler(position: number): { readonly task: PlannedTask; readonly ending: Grief } | undefined;
  /** Whether the step at this place, or a handler there, may have left anything behind on the host. */
  hasTouched(position: number): boolean;
}

/** Where a host is in its play: the step that comes next, or how it ended. A pure function of what was recorded. */
export type Whereabouts =
  | {
      readonly kind: 'next';
      readonly task: PlannedTask;
      /** What may not be interrupted between here and there: the first position of the window, or the task's own. */
      readonly position: number;
      readonly window?: BlockNode;
      /** The task whose failure nothing will rescue: what comes is only cleaning up. */
      readonly failedAt?: PlannedTask;
      /** How it ended there: what cannot be reached, or was refused, is not rescued by an outer block either. */
      readonly failedAs?: Grief;
      /** It stands in a rescue or always part: begun work is being put right. */
      readonly mending: boolean;
      /** It is a handler, run at this place. */
      readonly flushedAt?: number;
    }
  | { readonly kind: 'through' }
  | { readonly kind: 'ended' }
  | { readonly kind: Grief; readonly failedAt: PlannedTask };

/** The host has a step to take. */
export type Next = Extract<Whereabouts, { kind: 'next' }>;

/** Walks the tree of a play along a host's history. */
export function whereabouts(nodes: readonly Node[], history: History): Whereabouts {
  for (const node of nodes) {
    const here = visit(node, history);
    if (here.kind !== 'through') return here;
  }
  return through;
}

function visit(node: Node, history: History): Whereabouts {
  switch (node.kind) {
    case 'block':
      return visitBlock(node, history);
    case 'handlers':
      return visitHandlers(node.position, history);
    case 'task': {
      const flushed = isFlush(node.task) ? visitHandlers(node.position, history) : through;
      return flushed.kind === 'through' ? visitTask(node.task, node.position, history) : flushed;
    }
  }
}

const through: Whereabouts = { kind: 'through' };

function isFlush(task: PlannedTask): boolean {
  return task.action === 'meta' && Object.values(task.params).includes('flush_handlers');
}

function visitHandlers(position: number, history: History): Whereabouts {
  const failed = history.failedHandler(position);
  if (failed !== undefined) return { kind: failed.ending, failedAt: failed.task };
  const task = history.nextHandler(position);
  return task === undefined ? through : { kind: 'next', task, position, mending: false, flushedAt: position };
}

function visitTask(task: PlannedTask, position: number, history: History): Whereabouts {
  const ending = history.ending(task);
  switch (ending) {
    case undefined:
      return history.isOver === true ? { kind: 'ended' } : { kind: 'next', task, position, mending: false };
    case 'passed':
      return through;
    case 'ended':
      return { kind: 'ended' };
    case 'failed':
    case 'unreachable':
    case 'refused':
      return { kind: ending, failedAt: task };
  }
}

function visitBlock(node: BlockNode, around: History): Whereabouts {
  const isOpen = node.window !== undefined && node.id === around.openWindow;
  const history = isOpen ? { ...around, isOver: false } : around;
  const main = whereabouts(node.block, history);
  const inBlock = node.rescue.length > 0 ? rescued(main, node, history) : main;
  const outcome = inBlock.kind === 'next' ? inBlock : afterwards(node, inBlock, history);
  return outcome.kind === 'next' && node.window !== undefined
    ? { ...outcome, window: node, position: node.position }
    : outcome;
}

/** A failure in the block leads to its rescue; while something inside still cleans up, nothing is lost yet. */
function rescued(main: Whereabouts, node: BlockNode, history: History): Whereabouts {
  if (main.kind === 'failed') return mended(whereabouts(node.rescue, history));
  if (main.kind !== 'next' || main.failedAs !== 'failed') return main;
  const { failedAt: _, failedAs: __, ...hopeful } = main;
  return hopeful;
}

/**
 * What runs whatever happened: `always` on a host that can be reached, `must_finish` on every host. Where a gate said no
 * before anything was done in the block, there is nothing to put right, and putting it right could do harm.
 */
function afterwards(node: BlockNode, before: Whereabouts, history: History): Whereabouts {
  if (before.kind === 'refused' && !hasTouched(node, history)) return before;
  const reachable = before.kind === 'through' || before.kind === 'failed' || before.kind === 'refused';
  const after = reachable ? mended(whereabouts(node.always, history)) : through;
  const last = after.kind === 'through' ? mended(whereabouts(node.mustFinish, history)) : after;
  if (last.kind === 'next') {
    return 'failedAt' in before && before.kind !== 'next'
      ? { ...last, failedAt: before.failedAt, failedAs: before.kind }
      : last;
  }
  return last.kind === 'through' || before.kind === 'unreachable' ? before : last;
}

/** Whether anything in a block may have left something behind on the host. */
export function hasTouched(node: Node, history: Pick<History, 'hasTouched'>): boolean {
  if (node.kind !== 'block') return history.hasTouched(node.position);
  return [node.block, node.rescue, node.always, node.mustFinish].flat().some((part) => hasTouched(part, history));
}

function mended(where: Whereabouts): Whereabouts {
  return where.kind === 'next' ? ({ ...where, mending: true } satisfies Next) : where;
}

/** What a host has come to, or will have once it has cleaned up. */
export function griefOf(where: Whereabouts): Whereabouts['kind'] | undefined {
  return where.kind === 'next' ? where.failedAs : where.kind;
}
