import type { Item, Play, Task } from './playbook.ts';
import { refuse, type Sheet } from './sheet.ts';

/** Under host_pinned hosts go their own ways, so there is no first host that could do a thing for all. */
export function checkOneHostOnly(play: Play, sheet: Sheet): void {
  if (play.strategy !== 'host_pinned') return;
  const items = [...play.preTasks, ...play.tasks, ...play.postTasks, ...play.handlers];
  for (const task of items.flatMap(tasksIn)) {
    if (task.runOnce === false) continue;
    const message =
      'run_once does not go with strategy: host_pinned, where no host waits for another; put it into a play of its own';
    refuse(sheet, 'run-once-host-pinned', message, task.place);
  }
}

/** Every task of an item, in order. */
export function tasksIn(item: Item): readonly Task[] {
  if (item.kind === 'task') return [item];
  return [...item.block, ...item.rescue, ...item.always, ...item.mustFinish].flatMap(tasksIn);
}
