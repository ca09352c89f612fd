import { constants, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './durable.ts';
import type { Stamped } from './event.ts';
import { journalLine, LINE_BREAK } from './lines.ts';

export interface Journal {
  /** Bytes of a torn last line that were cut away when it was opened; 0 for none. */
  readonly tornBytes: number;
  /** Resolves when the event is on disk. After an error every append rejects with that same error: no gap is written over. */
  append(event: Stamped): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** Opens a journal to append to, creating it (0600, in a 0700 folder) or cutting a torn last line away. Rejects on I/O errors. */
export async function openJournal(file: string): Promise<Journal> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
  try {
    const tornBytes = await cutTornLine(handle);
    await handle.sync();
    await syncFolder(dirname(file));
    return new JournalFile(file, handle, tornBytes);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const CHUNK = 64 * 1024;

async function cutTornLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const whole = await endOfLastLine(handle, size);
  if (whole < size) await handle.truncate(whole);
  return size - whole;
}

async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; end -= CHUNK) {
    const start = Math.max(0, end - CHUNK);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(LINE_BREAK);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}

interface Waiting {
  readonly line: string;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** Lines that arrive while the disk is busy go down together with one sync: many hosts share its price. */
class JournalFile implements Journal {
  readonly tornBytes: number;
  readonly #file: string;
  readonly #handle: FileHandle;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #fault: Error | undefined;
  #closed = false;

  constructor(file: string, handle: FileHandle, tornBytes: number) {
    this.#file = file;
    this.#handle = handle;
    this.tornBytes = tornBytes;
  }

  append(event: Stamped): Promise<void> {
    if (this.#closed) return Promise.reject(new Error(`an event came after the journal ${this.#file} was closed`));
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    return new Promise((done, failed) => {
      this.#waiting.push({ line: journalLine(event), done, failed });
      this.#writing ??= this.#writeAll();
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing;
    await this.#handle.close();
  }

  async #writeAll(): Promise<void> {
    // Those that append in the same turn of the event loop go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#write(group);
    }
    this.#writing = undefined;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      if (this.#fault !== undefined) throw this.#fault;
      appendNow(this.#handle.fd, group.map(({ line }) => line).join(''));
      await this.#handle.datasync();
      for (const { done } of group) done();
    } catch (error) {
      this.#fault ??= faultOf(this.#file, error as Error);
      for (const { failed } of group) failed(this.#fault);
    }
  }
}

/** Into the kernel's memory, which is quick; what is slow, and is waited for elsewhere, is the sync that follows. */
function appendNow(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

function faultOf(file: string, cause: Error): Error {
  return new Error(
    `the journal ${file} cannot be written (${cause.message}), so nothing more is started; make room or repair the disk, then resume the run`,
    { cause },
  );
}
