import type { Batch, PlannedPlay } from '../plan/plan.ts';

/** Why a run waits for a person's word after a batch; undefined where the plan does not say so, or nothing follows it in the play. */
export function reasonToPauseAfter({ name, batches, pauseAfter }: PlannedPlay, batch: Batch): string | undefined {
  const isLast = batches.at(-1)?.number === batch.number;
  if (pauseAfter === undefined || isLast || (pauseAfter === 'first_batch' && batch.number > 1)) return undefined;
  const which = pauseAfter === 'batch' ? 'each batch' : 'the first batch';
  return `batch ${batch.number} of ${batches.length} of "${name}" is through, and the plan waits after ${which}`;
}
