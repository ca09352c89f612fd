import { closeSync, openSync, writeSync } from 'node:fs';

/**
 * Appends to many files (0600) and keeps the latest ones open: to open and close a file for each step of each host, or to
 * hand each write to another thread, costs more than the step. What is written goes to memory; the kernel brings it to
 * the disk. Throws on I/O errors.
 */
export class Appending {
  /** Descriptors by path, the least recently used first. */
  readonly #files = new Map<string, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  append(path: string, text: string): void {
    const fd = this.#files.get(path) ?? openSync(path, 'a', 0o600);
    this.#files.delete(path);
    this.#files.set(path, fd);
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    this.#closeOldest();
  }

  close(): void {
    for (const fd of this.#files.values()) closeSync(fd);
    this.#files.clear();
  }

  #closeOldest(): void {
    for (const [path, fd] of this.#files) {
      if (this.#files.size <= this.#most) return;
      this.#files.delete(path);
      closeSync(fd);
    }
  }
}
