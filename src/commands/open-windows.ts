import { readFileSync, statSync } from 'node:fs';
import type { Stamped } from '../journal/event.ts';
import { readJournal } from '../journal/read.ts';
import { listRuns, type RunFolder } from '../journal/run-folder.ts';

/** A window that a run has opened on a host and not closed. */
export interface OpenWindow {
  readonly run: string;
  readonly host: string;
  readonly window: string;
  readonly since: string;
  /** Absent: it has no deadline. */
  readonly lengthMs?: number;
}

/** The windows that the journals of a state dir show as open: of runs under way, and of runs that stopped or died. */
export async function openWindows(stateDir: string): Promise<readonly OpenWindow[]> {
  return (await listRuns(stateDir)).flatMap(openIn);
}

function openIn(folder: RunFolder): readonly OpenWindow[] {
  if (hasClosedAll(folder)) return [];
  const open = new Map<string, OpenWindow>();
  for (const event of windowEvents(folder.journalFile)) {
    if (event.type === 'window_closed') open.delete(event.host);
    else if (event.type === 'window_opened') open.set(event.host, openedBy(event, folder.id));
  }
  return [...open.values()];
}

type Opened = Stamped<Extract<Stamped, { type: 'window_opened' | 'window_closed' }>>;

function openedBy({ host, window, at, lengthMs }: Opened, run: string): OpenWindow {
  return { run, host, window, since: at, ...(lengthMs === undefined ? {} : { lengthMs }) };
}

/** A run that has ended says so in its summary, which is much shorter than its journal; one that went on since does not. */
function hasClosedAll({ summaryFile, journalFile }: RunFolder): boolean {
  try {
    if (statSync(summaryFile).mtimeMs < statSync(journalFile).mtimeMs) return false;
    const { openWindows: open } = JSON.parse(readFileSync(summaryFile, 'utf8')) as { readonly openWindows?: unknown };
    return Array.isArray(open) && open.length === 0;
  } catch {
    return false;
  }
}

/** The lines of a journal that open or close a window: one in a hundred. */
function windowEvents(file: string): readonly Stamped[] {
  const lines = contentOf(file).split('\n');
  const text = lines.filter((line) => line.startsWith('{"type":"window_')).map((line) => `${line}\n`);
  return readJournal(Buffer.from(text.join(''))).events;
}

/** A run that broke off before it had begun has no journal. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
