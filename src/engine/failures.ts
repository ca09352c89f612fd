import type { PlannedPlay, PlannedTask } from '../plan/plan.ts';
import { griefOf, type Whereabouts } from './walk.ts';

/** Hosts that have failed, by play, and the task at which: rescued and ignored failures are none, nor is a gate's no. */
export class Failures {
  readonly #byPlay = new Map<number, Map<string, PlannedTask>>();

  in({ number }: PlannedPlay): ReadonlyMap<string, PlannedTask> {
    return this.#byPlay.get(number) ?? new Map();
  }

  /** Goes by where the host stands; one that stands well leaves a failure as it was known. */
  note(play: PlannedPlay, host: string, where: Whereabouts): void {
    if (!('failedAt' in where) || where.failedAt === undefined || griefOf(where) === 'refused') return;
    const known = this.#byPlay.get(play.number) ?? new Map<string, PlannedTask>();
    this.#byPlay.set(play.number, known.set(host, where.failedAt));
  }

  forget({ number }: PlannedPlay, host: string): void {
    this.#byPlay.get(number)?.delete(host);
  }
}
