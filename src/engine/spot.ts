import type { Batch, PlannedPlay } from '../plan/plan.ts';

/** A host's place in a play. */
export interface Spot {
  readonly play: PlannedPlay;
  readonly batch: Batch;
  readonly host: string;
}

/** Every host's place in a play, in the order in which they come. */
export function spotsIn(play: PlannedPlay): readonly Spot[] {
  return play.batches.flatMap((batch) => batch.hosts.map((host) => ({ play, batch, host })));
}

/** A place as events tell it. */
export function addressOf({ play, batch, host }: Spot) {
  return { play: play.name, playNumber: play.number, batch: batch.number, host };
}
