import type { Outcome, Transferred } from '../shell/outcome.ts';

/** For which a host that has gone may come back. */
const PATIENCE_MS = 600_000;

/** How long a host that has gone is waited for: once for all that is sent to it until it is back, and only if it has ever answered. */
export class Patience {
  #hasAnswered = false;
  #goneSinceMs: number | undefined;
  #waitedMs = 0;

  /** Whether a host to which this has just happened may come back yet; times are of the monotonic clock. */
  hasHope(came: (Outcome | Transferred)['kind'], nowMs: number): boolean {
    if (came !== 'unreachable') this.#hasAnswered = true;
    if (came !== 'unreachable' && came !== 'lost') this.#goneSinceMs = undefined;
    else if (this.#hasAnswered) this.#goneSinceMs ??= nowMs;
    return this.#goneSinceMs !== undefined && nowMs - this.#goneSinceMs <= PATIENCE_MS;
  }

  waited(ms: number): void {
    this.#waitedMs += ms;
  }

  /** How long the host was waited for in all. */
  get waitedMs(): number {
    return this.#waitedMs;
  }
}
