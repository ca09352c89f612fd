/** Which hosts are out of the run, and why: nothing more is done on them in this leg of it, but to leave a window. */
export class OutOfRun {
  /** Hosts that another run holds: no order lets them in. */
  readonly #held: ReadonlyMap<string, string>;
  readonly #turnedAway: Map<string, string>;
  /** Hosts that came to grief in a play that the run has left. */
  readonly #leftBehind = new Set<string>();
  readonly #lostSightOf = new Set<string>();

  constructor(held: ReadonlyMap<string, string>) {
    this.#held = held;
    this.#turnedAway = new Map(held);
  }

  has(host: string): boolean {
    return this.#leftBehind.has(host) || this.#turnedAway.has(host) || this.#lostSightOf.has(host);
  }

  /** Why a host was turned away; undefined: it was not. */
  reasonFor(host: string): string | undefined {
    return this.#turnedAway.get(host);
  }

  turnAway(host: string, reason: string): void {
    this.#turnedAway.set(host, reason);
  }

  leaveBehind(host: string): void {
    this.#leftBehind.add(host);
  }

  /** Nobody knows where it stands: no order changes that before the run is resumed. */
  loseSightOf(host: string): void {
    this.#lostSightOf.add(host);
  }

  /** What kept a host from going on keeps it no more. */
  letIn(host: string): void {
    this.#leftBehind.delete(host);
    if (!this.#held.has(host)) this.#turnedAway.delete(host);
  }
}
