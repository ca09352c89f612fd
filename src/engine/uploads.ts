import { findAction } from '../actions/registry.ts';
import type { Expressions } from '../expressions/expressions.ts';
import type { Plan } from '../plan/plan.ts';
import { revealed, type Secrets } from '../plan/secrets.ts';
import { Before, type TaskAt } from './before.ts';
import { paramsOf } from './params.ts';

/** A file of the bastion that a task reads. */
export interface Upload {
  /** As the playbook has it, rendered. */
  readonly path: string;
  /** Its path is hidden where the task's parameters are. */
  readonly hiddenBy?: string;
}

/** The files of the bastion that a plan's tasks read, as far as their names are known before the run. Each once. */
export function uploadsOf(
  plan: Plan,
  secrets: Secrets,
  expressions: Expressions,
  playbookDir: string,
): readonly Upload[] {
  const open = revealed(plan, secrets);
  const before = new Before(open, expressions, playbookDir);
  const found = new Map<string, Upload>();
  for (const play of open.plays)
    for (const task of play.tasks)
      for (const batch of play.batches)
        for (const host of batch.hosts)
          for (const path of filesAt({ play, batch, host, task }, before))
            if (!found.has(path)) found.set(path, { path, ...(task.noLog === false ? {} : { hiddenBy: task.id }) });
  return [...found.values()];
}

function filesAt(at: TaskAt, before: Before): readonly string[] {
  const action = findAction(at.task.action);
  if (action?.kind !== 'host' || action.localFiles === undefined) return [];
  const turns = before.turns(at);
  return (turns.known ? turns.value : []).flatMap((local) => {
    const params = before.settle({ ...at, local }, (scope) =>
      paramsOf(action, at.task.params, scope, before.expressions),
    );
    return params.known ? (action.localFiles?.(params.value) ?? []) : [];
  });
}
