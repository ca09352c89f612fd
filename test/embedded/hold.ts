/** A command that waits at the door of its host. */
export interface Hold {
  /** The text of the command, once it has come. */
  readonly reached: Promise<string>;
  release(): void;
  /** It does nothing and ends with this code. */
  fail(exitCode?: number): void;
}

export class Held implements Hold {
  readonly match: RegExp;
  readonly reached: Promise<string>;
  readonly #decided: Promise<number | undefined>;
  #reach: (text: string) => void = () => {};
  #decide: (failWith: number | undefined) => void = () => {};

  constructor(match: RegExp) {
    this.match = match;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#decided = new Promise((resolve) => {
      this.#decide = resolve;
    });
  }

  /** The exit code to end with at once, or undefined to go on. */
  wait(text: string): Promise<number | undefined> {
    this.#reach(text);
    return this.#decided;
  }

  release(): void {
    this.#decide(undefined);
  }

  fail(exitCode = 1): void {
    this.#decide(exitCode);
  }
}
