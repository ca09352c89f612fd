import type { RunEvent } from '../journal/event.ts';
import type { Batch, PlannedPlay } from '../plan/plan.ts';

export type Milestone = Extract<
  RunEvent,
  { type: 'play_started' | 'batch_started' | 'batch_finished' | 'play_finished' }
>;

/** What is said once in a run, however often the run is resumed. */
export class Milestones {
  readonly #passed = new Set<string>();

  has(event: Milestone): boolean {
    return this.#passed.has(keyOf(event));
  }

  pass(event: Milestone): void {
    this.#passed.add(keyOf(event));
  }

  /** A batch goes on that had come to its end, and so does its play. */
  takeBackEnd({ name, number }: PlannedPlay, batch: Batch): void {
    const at = { play: name, playNumber: number };
    this.#passed.delete(keyOf({ type: 'batch_finished', ...at, batch: batch.number }));
    this.#passed.delete(keyOf({ type: 'play_finished', ...at }));
  }
}

function keyOf(event: Milestone): string {
  return `${event.type} ${event.playNumber} ${'batch' in event ? event.batch : ''}`;
}
