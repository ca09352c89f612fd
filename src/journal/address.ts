import type { StepAddress } from './event.ts';

/** One string for a step's place in a run: the same step has the same key in every leg of the run. */
export function addressKey(step: Omit<StepAddress, 'play' | 'task'>): string {
  // The host comes last: its name may hold anything, the other parts hold no slash.
  return `${step.playNumber}/${step.batch}/${step.taskId}/${step.flushedAt ?? ''}/${step.host}`;
}
