import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Replayed, readJournal } from './read.ts';

/** Reads a journal that may be growing: each time what has come since. Throws on I/O errors. */
export class Following {
  readonly #file: string;
  #offset = 0;
  #lines = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** The events since the last time. A line that is only half there is read when the rest of it is. */
  read(): Replayed {
    const replayed = readJournal(this.#newBytes());
    this.#lines += replayed.events.length;
    if (!replayed.ok) return { ...replayed, line: this.#lines + 1 };
    this.#offset -= replayed.tornBytes;
    return replayed;
  }

  #newBytes(): Uint8Array {
    const fd = openSync(this.#file, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(fd).size - this.#offset));
      const read = readSync(fd, bytes, 0, bytes.length, this.#offset);
      this.#offset += read;
      return bytes.subarray(0, read);
    } finally {
      closeSync(fd);
    }
  }
}
