import type { Mask } from '../shell/masking.ts';

/** Longer pieces without a line break are passed on as they are. Characters. */
const LONGEST_LINE = 16 * 1024;

/** Passes output on in whole lines, so that a secret that came in two pieces is masked all the same. */
export class MaskedLines {
  /** Most commands print nothing on one of their two streams. */
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  readonly #mask: Mask;
  readonly #pass: (text: string) => void;
  #rest = '';

  constructor(mask: Mask, pass: (text: string) => void) {
    this.#mask = mask;
    this.#pass = pass;
  }

  add(bytes: Uint8Array): void {
    this.#decoder ??= new TextDecoder();
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const end = this.#rest.lastIndexOf('\n') + 1;
    if (end > 0) this.#give(end);
    else if (this.#rest.length > LONGEST_LINE) this.#give(this.#rest.length);
  }

  end(): void {
    this.#rest += this.#decoder?.decode() ?? '';
    if (this.#rest !== '') this.#give(this.#rest.length);
  }

  #give(end: number): void {
    this.#pass(this.#mask(this.#rest.slice(0, end)));
    this.#rest = this.#rest.slice(end);
  }
}
