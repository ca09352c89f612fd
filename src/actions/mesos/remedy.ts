import type { ValueMap } from '../../source/value.ts';
import type { Comparison } from './comparison.ts';
import type { Earlier } from './registered-capture.ts';

/** The tasks that somebody must see to, one by one, for a person or a script. */
export function remedies({ lost, gone }: Comparison, host: string): readonly ValueMap[] {
  return [
    ...lost.flatMap((loss) => tasksOf(loss, loss.why, host)),
    ...gone.flatMap((earlier) => tasksOf(earlier, 'its framework does not checkpoint, as was foretold', host)),
  ];
}

/** Where the agent was not read, the executor's id is all there is; for command and docker executors it is the task's. */
function tasksOf({ id, framework = '', tasks = [] }: Earlier, why: string, host: string): readonly ValueMap[] {
  const named = tasks.length > 0 ? tasks : [{ id, name: id }];
  return named.map((task) => ({ task_id: task.id, name: task.name, framework, executor_id: id, host, why }));
}
