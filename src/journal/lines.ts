import type { Stamped } from './event.ts';

/** An event as its line in a journal, the line break included. JSON escapes every break inside. */
export function journalLine(event: Stamped): string {
  return `${JSON.stringify(event)}\n`;
}

/** Bytes after the last line break: a line that a crash cut short. Nobody was told that it is on disk. */
export function tornBytesOf(bytes: Uint8Array): number {
  return bytes.length - (bytes.lastIndexOf(LINE_BREAK) + 1);
}

export const LINE_BREAK = 0x0a;
