/**
 * One-way latches, after what an operator asks for by Ctrl-C: first "start nothing new", at last "let go of what is
 * outside a window". A window is never let go of.
 */
export class Stop {
  readonly #abandon = new AbortController();
  #reason: string | undefined;

  /** Start nothing new. The first reason stays. */
  drain(reason: string): void {
    this.#reason ??= reason;
  }

  /** End what runs outside windows. */
  abandon(): void {
    this.#abandon.abort(new Error('abandoned by the operator'));
  }

  get draining(): string | undefined {
    return this.#reason;
  }

  /** Aborted when hosts outside a window are to be let go of. */
  get abandoned(): AbortSignal {
    return this.#abandon.signal;
  }
}
