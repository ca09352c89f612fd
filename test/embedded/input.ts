import type { ServerChannel } from 'ssh2';

/** A command's stdin. The in-memory shell wants all of it before it begins, so clients must send its end. */
export class Input {
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  /** At a terminal nobody ends the input: what is typed is for whoever asks for it. */
  constructor(
    channel: ServerChannel,
    private readonly terminal: boolean,
  ) {
    channel.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    for (const end of ['end', 'close'] as const) {
      channel.on(end, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** All of it, once its end has come. */
  async all(): Promise<Buffer> {
    while (!this.#ended && !this.terminal) await this.#change();
    const all = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    return all;
  }

  /** The first line without its end; undefined where the input ends before it does. */
  async line(): Promise<string | undefined> {
    while (!this.#bytes.includes(10) && !this.#ended) await this.#change();
    const at = this.#bytes.indexOf(10);
    if (at < 0) return undefined;
    const line = this.#bytes.subarray(0, at).toString();
    this.#bytes = this.#bytes.subarray(at + 1);
    return line;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
