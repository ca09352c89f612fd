import type { Window } from '../playbook/playbook.ts';
import type { BlockPart, PlannedPlay, PlannedTask, Section } from './plan.ts';

/** A play's tasks as a tree, in the order in which they are walked: sections, each followed by its handlers. */
export type Node = TaskNode | BlockNode | HandlersNode;

export interface TaskNode {
  readonly kind: 'task';
  readonly task: PlannedTask;
  /** Where it stands in the play, from 0. */
  readonly position: number;
}

export interface BlockNode {
  readonly kind: 'block';
  readonly id: string;
  readonly name: string;
  readonly window?: Window;
  /** The first position in it. */
  readonly position: number;
  readonly block: readonly Node[];
  readonly rescue: readonly Node[];
  readonly always: readonly Node[];
  readonly mustFinish: readonly Node[];
}

/** Where notified handlers run: at the end of a section. `position` is that of the first of them. */
export interface HandlersNode {
  readonly kind: 'handlers';
  readonly position: number;
}

const SECTIONS: readonly Section[] = ['pre_tasks', 'tasks', 'post_tasks'];

/** The tree of a play. Handlers' own tasks are found by `handlersOf`. */
export function treeOf(play: PlannedPlay): readonly Node[] {
  let position = 0;
  const nodes: Node[] = [];
  for (const section of SECTIONS) {
    const tasks = play.tasks.filter((task) => task.section === section);
    const placed = tasks.map((task, index) => ({ task, position: position + index }));
    nodes.push(...nest(placed, 0), { kind: 'handlers', position: position + tasks.length });
    position += tasks.length + 1;
  }
  return nodes;
}

export function handlersOf(play: PlannedPlay): readonly PlannedTask[] {
  return play.tasks.filter((task) => task.section === 'handlers');
}

interface Placed {
  readonly task: PlannedTask;
  readonly position: number;
}

/** Groups neighbours that share the block at this depth. */
function nest(placed: readonly Placed[], depth: number): readonly Node[] {
  const nodes: Node[] = [];
  let rest = placed;
  for (let [first] = rest; first !== undefined; [first] = rest) {
    const outer = first.task.blocks[depth];
    if (outer === undefined) {
      nodes.push({ kind: 'task', ...first });
      rest = rest.slice(1);
    } else {
      const end = rest.findIndex((other) => other.task.blocks[depth]?.id !== outer.id);
      const inside = end === -1 ? rest : rest.slice(0, end);
      nodes.push(blockOf(outer, inside, depth));
      rest = rest.slice(inside.length);
    }
  }
  return nodes;
}

function blockOf(outer: BlockPart, inside: readonly Placed[], depth: number): BlockNode {
  const part = (name: BlockPart['part']) =>
    nest(
      inside.filter(({ task }) => task.blocks[depth]?.part === name),
      depth + 1,
    );
  return {
    kind: 'block',
    id: outer.id,
    name: outer.name,
    ...(outer.window === undefined ? {} : { window: outer.window }),
    position: inside[0]?.position ?? 0,
    block: part('block'),
    rescue: part('rescue'),
    always: part('always'),
    mustFinish: part('must_finish'),
  };
}
