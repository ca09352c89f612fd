import type { Value } from '../source/value.ts';
import type { Progress } from './progress.ts';

/** Whether a result tells of something that a dry run left out and that may change the host. */
export function leavesUndone({
  changed,
  commands,
  undecided,
  reads,
}: {
  readonly [key: string]: Value | undefined;
}): boolean {
  return reads !== true && (undecided !== undefined || (changed === true && commands !== undefined));
}

/** Whether a dry run found anything that a run would change, or that nobody can know before. */
export function wouldChange({ steps }: Progress): boolean {
  for (const step of steps.values())
    if (step.status !== 'started' && (step.status === 'changed' || leavesUndone(step.result))) return true;
  return false;
}
