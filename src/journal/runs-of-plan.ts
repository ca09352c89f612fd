import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Stamped } from './event.ts';
import { readJournal } from './read.ts';
import { isDryRun, listRuns, type RunFolder } from './run-folder.ts';

/** A run that a plan has had. */
export interface RunOfPlan {
  readonly folder: RunFolder;
  /** When it came to its end with everything done, if it did. */
  readonly doneAt?: string;
}

/** The runs that a plan has had, the oldest first; a dry run is none. Rejects on I/O errors. */
export async function runsOfPlan(stateDir: string, planId: string): Promise<readonly RunOfPlan[]> {
  const runs = await listRuns(stateDir);
  return runs.filter((folder) => !isDryRun(folder) && planIn(folder.journalFile) === planId).map(runOfPlan);
}

function runOfPlan(folder: RunFolder): RunOfPlan {
  const { events } = readJournal(readFileSync(folder.journalFile));
  const end = endOf(events);
  return end?.exitCode === 0 ? { folder, doneAt: end.at } : { folder };
}

/** The end that a run has come to; undefined while it runs, and where it broke off. */
export function endOf(events: readonly Stamped[]): Extract<Stamped, { type: 'run_finished' }> | undefined {
  const last = events.at(-1);
  return last?.type === 'run_finished' ? last : undefined;
}

/** A journal's first event says which plan it is of. Journals of large runs are not read for more. */
const FIRST_BYTES = 64 * 1024;

function planIn(journalFile: string): string | undefined {
  const [started] = readJournal(firstLine(journalFile)).events;
  return started?.type === 'run_started' ? started.plan : undefined;
}

function firstLine(path: string): Uint8Array {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(FIRST_BYTES);
      const read = bytes.subarray(0, readSync(file, bytes));
      return read.subarray(0, read.indexOf('\n') + 1);
    } finally {
      closeSync(file);
    }
  } catch {
    return new Uint8Array();
  }
}
