import { readdirSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Files, Found } from '../source/files.ts';

/** What is read whole into memory: text that somebody wrote. Bytes. */
const LARGEST = 64 * 1024 * 1024;

/** The file system, seen from a folder. */
export function realFiles(folder: string): Files {
  return { look: (path) => look(resolve(folder, path)) };
}

function look(path: string): Found {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return { kind: 'directory', names: readdirSync(path) };
    if (!stats.isFile() && !stats.isFIFO()) return { kind: 'unreadable', why: 'it is neither a file nor a pipe' };
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
