/**
 * One-way latches. After what an operator asks for by Ctrl-C: first "start nothing new", at last "let go of what is
 * outside a window". A window is never let go of. And by the clock: "let no further host begin".
 */
export class Stop {
  readonly #drain = new AbortController();
  readonly #abandon = new AbortController();
  #reason: string | undefined;
  #admitsNoMore: string | undefined;

  /** Start nothing new. The first reason stays. */
  drain(reason: string): void {
    this.#reason ??= reason;
    this.#drain.abort(new Error(reason));
  }

  /** Let no further host begin. Those that have begun go on to the end of their play. */
  admitNoMore(reason: string): void {
    this.#admitsNoMore ??= reason;
  }

  get admitsNoMore(): string | undefined {
    return this.#admitsNoMore;
  }

  /** End what runs outside windows. */
  abandon(): void {
    this.#abandon.abort(new Error('abandoned by the operator'));
  }

  get draining(): string | undefined {
    return this.#reason;
  }

  /** Aborted when nothing new is to be started: what only waits need not wait on. */
  get drained(): AbortSignal {
    return this.#drain.signal;
  }

  /** Aborted when hosts outside a window are to be let go of. */
  get abandoned(): AbortSignal {
    return this.#abandon.signal;
  }
}
