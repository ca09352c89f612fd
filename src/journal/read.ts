import type { RunEvent, Stamped } from './event.ts';
import { LINE_BREAK, tornBytesOf } from './lines.ts';

/** What a journal says. Not ok: a line in its middle is broken; what was readable before it is given all the same. */
export type Replayed =
  | { readonly ok: true; readonly events: readonly Stamped[]; readonly tornBytes: number }
  | { readonly ok: false; readonly events: readonly Stamped[]; readonly line: number; readonly reason: string };

/** Every event that can stand in a journal; the compiler keeps the list complete. */
const TYPES: Readonly<Record<RunEvent['type'], true>> = {
  run_started: true,
  run_resumed: true,
  play_started: true,
  batch_started: true,
  host_refused: true,
  step_started: true,
  command_started: true,
  command_output: true,
  command_finished: true,
  step_retried: true,
  step_finished: true,
  window_opened: true,
  window_closed: true,
  stopping: true,
  batch_finished: true,
  play_finished: true,
  forecast: true,
  warning: true,
  journal_salvaged: true,
  run_paused: true,
  run_continued: true,
  run_aborted: true,
  host_forced: true,
  host_restarted: true,
  host_skipped: true,
  host_retried: true,
  run_finished: true,
};

/** Reads a journal's bytes. A last line without its break was cut short by a crash and counts as not written. */
export function readJournal(bytes: Uint8Array): Replayed {
  const events: Stamped[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (line: Uint8Array) => decoder.decode(line);
  const tornBytes = tornBytesOf(bytes);
  for (let start = 0; start < bytes.length - tornBytes; ) {
    const end = bytes.indexOf(LINE_BREAK, start);
    const read = readLine(decode, bytes.subarray(start, end));
    if (typeof read === 'string') return { ok: false, events, line: events.length + 1, reason: read };
    events.push(read);
    start = end + 1;
  }
  return { ok: true, events, tornBytes };
}

/** What can be read of a journal with broken lines, and their numbers. */
export function readAround(bytes: Uint8Array): {
  readonly events: readonly Stamped[];
  readonly broken: readonly number[];
} {
  const events: Stamped[] = [];
  const broken: number[] = [];
  let line = 0;
  for (let rest = bytes; rest.includes(LINE_BREAK); ) {
    line += 1;
    const read = readJournal(rest.subarray(0, rest.indexOf(LINE_BREAK) + 1));
    if (read.ok) events.push(...read.events);
    else broken.push(line);
    rest = rest.subarray(rest.indexOf(LINE_BREAK) + 1);
  }
  return { events, broken };
}

type Decode = (line: Uint8Array) => string;

/** The event, or what is wrong with the line. */
function readLine(decode: Decode, line: Uint8Array): Stamped | string {
  const parsed = parse(decode, line);
  if (typeof parsed === 'string') return parsed;
  if (typeof parsed.at !== 'string' || Number.isNaN(Date.parse(parsed.at))) return 'the event has no time ("at")';
  if (parsed.type === 'run_started' && parsed.version !== 1)
    return `the journal has version ${JSON.stringify(parsed.version)}, and this rollgate reads version 1: go on with the rollgate that wrote it`;
  if (typeof parsed.type === 'string' && Object.hasOwn(TYPES, parsed.type)) return parsed as unknown as Stamped;
  return `${JSON.stringify(parsed.type)} is no event that this rollgate knows: go on with the rollgate that wrote it`;
}

function parse(decode: Decode, line: Uint8Array): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(decode(line));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : 'the line is not an event';
  } catch (error) {
    const zeros = line.length > 0 && line.every((byte) => byte === 0);
    return zeros
      ? 'the line is all zero bytes, as a crashed machine leaves them'
      : `the line cannot be read: ${(error as Error).message}`;
  }
}
