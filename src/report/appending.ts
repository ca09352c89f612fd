import { close, open, write } from 'node:fs';
import { promisify } from 'node:util';

const openFile = promisify(open);
const writeFile = promisify(write) as (fd: number, text: string) => Promise<unknown>;
const closeFile = promisify(close);

/**
 * Appends to many files (0600) and keeps the latest ones open: to open and close a file for each step of each host costs
 * more than the step. Appends to one file must follow each other; those to several may overlap. Rejects on I/O errors.
 */
export class Appending {
  /** By path, the least recently used first. */
  readonly #files = new Map<string, { readonly fd: Promise<number>; busy: boolean }>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  async append(path: string, text: string): Promise<void> {
    const file = this.#files.get(path) ?? { fd: openFile(path, 'a', 0o600), busy: true };
    this.#files.delete(path);
    this.#files.set(path, file);
    file.busy = true;
    try {
      await writeFile(await file.fd, text);
    } finally {
      file.busy = false;
      await this.#closeOldest();
    }
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const { fd } of files) await fd.then(closeFile, () => undefined);
  }

  async #closeOldest(): Promise<void> {
    for (const [path, { fd, busy }] of this.#files) {
      if (this.#files.size <= this.#most) return;
      if (busy) continue;
      this.#files.delete(path);
      await fd.then(closeFile, () => undefined);
    }
  }
}
