import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Entry, readEntry } from './entry.ts';

/** A line that nobody can read: what it said is not known, the others hold. */
export interface Unreadable {
  readonly line: number;
  readonly why: string;
}

const LINE_BREAK = 0x0a;

/** What a ledger's file says, kept up to date: other runs may add to it at any time. */
export class Ledger {
  readonly file: string;
  readonly #latest = new Map<string, Map<string, Entry>>();
  readonly #unreadable: Unreadable[] = [];
  #bytesRead = 0;
  #linesRead = 0;

  constructor(file: string) {
    this.file = file;
  }

  /** Reads what has been added. Throws on I/O errors other than that there is no ledger yet. */
  refresh(): void {
    const bytes = bytesFrom(this.file, this.#bytesRead);
    // A last line without its break is being written, or was cut short by a crash: it counts as not written.
    const whole = bytes.subarray(0, bytes.lastIndexOf(LINE_BREAK) + 1);
    this.#bytesRead += whole.length;
    for (const line of whole.toString('utf8').split('\n').slice(0, -1)) this.#take(line);
  }

  /** What was written last of a machine under that name. */
  latest(name: string, machine: string): Entry | undefined {
    return this.#latest.get(name)?.get(machine);
  }

  /** By name, by machine: what was written last. */
  get all(): ReadonlyMap<string, ReadonlyMap<string, Entry>> {
    return this.#latest;
  }

  get unreadable(): readonly Unreadable[] {
    return this.#unreadable;
  }

  #take(line: string): void {
    this.#linesRead += 1;
    if (line === '') return;
    const entry = readEntry(line);
    if (typeof entry === 'string') this.#unreadable.push({ line: this.#linesRead, why: entry });
    else {
      const machines = this.#latest.get(entry.name) ?? new Map<string, Entry>();
      this.#latest.set(entry.name, machines.set(entry.machine, entry));
    }
  }
}

function bytesFrom(file: string, start: number): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const buffer = Buffer.alloc(Math.max(0, fstatSync(fd).size - start));
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, start));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
