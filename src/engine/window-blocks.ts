import type { PlannedPlay } from '../plan/plan.ts';
import type { BlockNode, Node } from '../plan/tree.ts';

/** The block with this id, wherever it stands among these nodes. */
export function findBlock(nodes: readonly Node[], id: string): BlockNode | undefined {
  for (const node of nodes) {
    if (node.kind !== 'block') continue;
    const found = node.id === id ? node : findBlock([node.block, node.rescue, node.always].flat(), id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name of the window with this id. */
export function windowName(play: PlannedPlay, id: string): string {
  return namesById(play).get(id) ?? id;
}

/** The id of the window with this name: events tell names. */
export function windowId(play: PlannedPlay | undefined, name: string): string {
  const found = play === undefined ? undefined : [...namesById(play)].find(([, its]) => its === name);
  return found?.[0] ?? name;
}

function namesById(play: PlannedPlay): ReadonlyMap<string, string> {
  return new Map(
    play.tasks.flatMap((task) =>
      task.blocks.flatMap((part) => (part.window === undefined ? [] : [[part.id, part.window.name] as const])),
    ),
  );
}
