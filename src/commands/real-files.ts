import { closeSync, constants, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Files, Found } from '../source/files.ts';

/** What is read whole into memory: text that somebody wrote. Bytes. */
const LARGEST = 64 * 1024 * 1024;
/** What fills a pipe may work for a while, but not for ever. */
const LONGEST_SILENCE_MS = 60_000;
const PAUSE_MS = 10;

/** The file system, seen from a folder. Everything is read once: a pipe can be, and a file must not differ between two looks. */
export function realFiles(folder: string, longestSilenceMs = LONGEST_SILENCE_MS): Files {
  const known = new Map<string, Found>();
  return {
    look: (path) => {
      const full = resolve(folder, path);
      const found = known.get(full) ?? look(full, longestSilenceMs);
      known.set(full, found);
      return found;
    },
  };
}

function look(path: string, longestSilenceMs: number): Found {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return { kind: 'directory', names: readdirSync(path) };
    if (stats.isFIFO()) return readPipe(path, longestSilenceMs);
    if (!stats.isFile()) return { kind: 'unreadable', why: 'it is neither a file nor a pipe' };
    if (stats.size > LARGEST)
      return { kind: 'unreadable', why: `it has ${stats.size} bytes; the most that is read is ${LARGEST}` };
    return { kind: 'file', bytes: readFileSync(path) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { kind: 'absent' }
      : { kind: 'unreadable', why: error instanceof Error ? error.message : String(error) };
  }
}

/** `<(command)` of a shell: opened without waiting, or a pipe that nobody writes to would hold us for ever. */
function readPipe(path: string, longestSilenceMs: number): Found {
  const pipe = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (let silence = 0; silence < longestSilenceMs; ) {
      const chunk = readSome(pipe);
      if (chunk?.length === 0) return { kind: 'file', bytes: Buffer.concat(chunks) };
      if (chunk === undefined) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
        silence += PAUSE_MS;
        continue;
      }
      silence = 0;
      chunks.push(chunk);
      total += chunk.length;
      if (total > LARGEST)
        return { kind: 'unreadable', why: `more than ${LARGEST} bytes come through this pipe; that is the most` };
    }
    return { kind: 'unreadable', why: `nothing came through this pipe for ${longestSilenceMs / 1000} s` };
  } finally {
    closeSync(pipe);
  }
}

/** What the pipe holds now: empty at its end, undefined while its writer is still at work. */
function readSome(pipe: number): Uint8Array | undefined {
  const chunk = Buffer.alloc(64 * 1024);
  try {
    return chunk.subarray(0, readSync(pipe, chunk));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined;
    throw error;
  }
}
