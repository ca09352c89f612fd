/** Bytes of one stream that an outcome keeps. More is passed on as it comes, and counted. */
const KEPT = 10 * 1024 * 1024;

/** The beginning of a stream that may have no end. */
export class KeptOutput {
  readonly #pieces: Buffer[] = [];
  readonly #name: string;
  #kept = 0;
  #dropped = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(bytes: Buffer): void {
    const room = KEPT - this.#kept;
    const piece = bytes.length <= room ? bytes : bytes.subarray(0, room);
    if (piece.length > 0) this.#pieces.push(piece);
    this.#kept += piece.length;
    this.#dropped += bytes.length - piece.length;
  }

  bytes(): Buffer {
    if (this.#dropped === 0)
      return this.#pieces.length === 1 && this.#pieces[0] ? this.#pieces[0] : Buffer.concat(this.#pieces);
    const note = `\n[rollgate keeps the first ${KEPT / 1024 / 1024} MiB of ${this.#name}; ${this.#dropped} bytes more came]\n`;
    return Buffer.concat([...this.#pieces, Buffer.from(note)]);
  }
}
