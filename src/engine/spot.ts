import type { Batch, PlannedPlay } from '../plan/plan.ts';

/** A host's place in a play. */
export interface Spot {
  readonly play: PlannedPlay;
  readonly batch: Batch;
  readonly host: string;
}

/** The same, as events tell it. */
export function addressOf({ play, batch, host }: Spot) {
  return { play: play.name, playNumber: play.number, batch: batch.number, host };
}
