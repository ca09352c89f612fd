/**
 * One-way latches, after what an operator asks for by Ctrl-C: first "start nothing new", at last "let go of what is
 * outside a window". A window is never let go of.
 */
export class Stop {
  readonly #drain = new AbortController();
  readonly #abandon = new AbortController();
  #reason: string | undefined;

  /** Start nothing new. The first reason stays. */
  drain(reason: string): void {
    this.#reason ??= reason;
    this.#drain.abort(new Error(reason));
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
