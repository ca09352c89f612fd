import { findAction } from '../actions/registry.ts';
import type { Expressions } from '../expressions/expressions.ts';
import type { Plan, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import { revealed, type Secrets } from '../plan/secrets.ts';
import { Before, type TaskAt } from './before.ts';
import { paramsOf } from './params.ts';
import { spotsIn } from './spot.ts';

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
  for (const at of open.plays.flatMap(stepsIn))
    for (const path of filesAt(at, before)) if (!found.has(path)) found.set(path, uploadOf(path, at.task));
  return [...found.values()];
}

function stepsIn(play: PlannedPlay): readonly TaskAt[] {
  const spots = spotsIn(play);
  return play.tasks.flatMap((task) => spots.map((spot) => ({ ...spot, task })));
}

function uploadOf(path: string, { id, noLog }: PlannedTask): Upload {
  return { path, ...(noLog === false ? {} : { hiddenBy: id }) };
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
