import { findAction } from '../actions/registry.ts';
import { safely } from './keywords.ts';
import { paramsOf } from './params.ts';
import type { Attempted } from './step.ts';

/** What taking a step may do to its host, as far as that can be said beforehand. */
export function effectOf(step: Attempted): 'reads' | 'probed' | 'opaque' {
  // Who writes `changed_when: false` declares that the task only reads.
  if (step.at.task.changedWhen?.[0] === false) return 'reads';
  const action = findAction(step.at.task.action);
  if (action?.kind !== 'host') return 'reads';
  const scope = step.variables.scope(step.at);
  return safely(() => {
    const params = paramsOf(action, step.at.task.params, scope, step.world.expressions);
    return params.ok ? action.effect(params.value) : 'opaque';
  }, 'opaque');
}
