import type { ValueMap } from '../../source/value.ts';
import type { Asked, Decision, Done, Result } from '../action.ts';
import { firstFailure } from '../outcomes.ts';
import type { Comparison } from './comparison.ts';
import type { Before, Earlier } from './registered-capture.ts';

/** The tasks that somebody must see to, one by one, for a person or a script. */
export function remedies({ lost, gone }: Comparison, before: Before, host: string): readonly ValueMap[] {
  const seen = lastSeen(before);
  return [
    ...lost.flatMap((loss) => tasksOf(loss, { host, why: loss.why, ...seen })),
    ...gone.flatMap((earlier) =>
      tasksOf(earlier, { host, why: 'its framework does not checkpoint, as was foretold', ...seen }),
    ),
  ];
}

/** Where the agent was not read, the executor's id is all there is; for command and docker executors it is the task's. */
function tasksOf({ id, framework = '', tasks = [] }: Earlier, more: ValueMap): readonly ValueMap[] {
  const named = tasks.length > 0 ? tasks : [{ id, name: id }];
  return named.map((task) => ({ task_id: task.id, name: task.name, framework, executor_id: id, ...more }));
}

/** When they were there, by the host's clock: who has taken their place began later. */
function lastSeen({ clock }: Before): ValueMap {
  const seconds = clock?.wall_seconds ?? 0;
  return seconds === 0 ? {} : { last_seen: new Date(seconds * 1000).toISOString() };
}

/** On the bastion. */
export function remedyFile(dest: string, host: Asked): string {
  return host.localPath(`${dest}/${host.host.replaceAll('/', '_')}.remedy.json`);
}

/** Writes what `result.remedy` lists. What was found out counts for more than that it could not be written down. */
export function keepRemedies(result: Result, file: string): Decision {
  const bytes = Buffer.from(`${JSON.stringify(result.remedy, null, 2)}\n`);
  return {
    kind: 'work',
    commands: [{ kind: 'keep', bytes, to: file }],
    foreseen: result,
    conclude: (done) => kept(result, done),
  };
}

function kept(result: Result, done: readonly Done[]): Result {
  const failure = firstFailure(done, 'the tasks to remedy could not be kept');
  return failure === undefined
    ? result
    : { ...result, failed: true, msg: `${String(result.msg)}; ${String(failure.msg)}` };
}
