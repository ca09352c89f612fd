import type { Clock } from '../../../src/actions/action.ts';

interface Appointment {
  readonly atMs: number;
  readonly keep: () => void;
}

const START = Date.UTC(2026, 0, 1);

/** Time that passes only when nothing else can happen: hours in no time, and each time the same. */
export class VirtualTime implements Clock {
  #nowMs = 0;
  #wallAheadMs = 0;
  /** The next one last. */
  readonly #appointments: Appointment[] = [];

  readonly monotonic = (): number => this.#nowMs;
  readonly now = (): Date => new Date(START + this.#nowMs + this.#wallAheadMs);

  readonly sleep = (ms: number, abort?: AbortSignal): Promise<void> =>
    new Promise((wake, give) => {
      if (abort?.aborted === true) return give(abort.reason);
      this.at(this.#nowMs + Math.max(0, ms), wake);
      abort?.addEventListener('abort', () => give(abort.reason), { once: true });
    });

  /** Somebody sets the bastion's wall clock. */
  setWallAhead(ms: number): void {
    this.#wallAheadMs = ms;
  }

  /** Of two for the same moment the one that was made first is kept first. */
  at(atMs: number, keep: () => void): void {
    let [low, high] = [0, this.#appointments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#appointments[middle]?.atMs ?? 0) > atMs) low = middle + 1;
      else high = middle;
    }
    this.#appointments.splice(low, 0, { atMs, keep });
  }

  /** Lets time pass until something is over. `whenStill`: nothing will happen by itself any more; false: nor will anything else. */
  async passUntil(end: Promise<void>, whenStill: () => boolean): Promise<void> {
    let isOver = false;
    const over = end.finally(() => {
      isOver = true;
    });
    over.catch(() => undefined);
    for (;;) {
      await allThatCanHappen();
      if (isOver) return over;
      const next = this.#appointments.pop();
      if (next === undefined) {
        if (!whenStill()) throw new Error('nothing happens any more, and the run is not over');
        continue;
      }
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.keep();
    }
  }
}

/** The event loop turns only when no promise is left that could be kept. */
function allThatCanHappen(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
