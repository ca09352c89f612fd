/** Of what comes before the sign: where none ever comes, the output may be of any length. Bytes. */
const LONGEST = 64 * 1024;

/**
 * Where a command's own output begins: behind a line with a sign. What the login shell's profile prints comes before it, and
 * would be taken for the host's answer. Without the line everything is output: what keeps commands from running says why.
 */
export class Beginning {
  readonly #sign: Buffer;
  #said: Buffer = Buffer.alloc(0);
  #hasBegun = false;

  constructor(sign: string) {
    this.#sign = Buffer.from(sign);
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** What came before the sign; all of it, as long as there was none. */
  get before(): Buffer {
    return this.#said;
  }

  /** Takes bytes; gives those that are the command's own. */
  take(bytes: Buffer): Buffer {
    if (this.#hasBegun) return bytes;
    this.#said = Buffer.concat([this.#said.subarray(-LONGEST), bytes]);
    const at = this.#said.indexOf(this.#sign);
    if (at < 0) return Buffer.alloc(0);
    const after = this.#said.subarray(at + this.#sign.length);
    // At a terminal a line ends in two bytes.
    const line = after[0] === 13 ? 2 : 1;
    if (after.length < line) return Buffer.alloc(0);
    this.#hasBegun = true;
    this.#said = this.#said.subarray(0, at);
    return after.subarray(line);
  }
}
