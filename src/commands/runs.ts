import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Stamped } from '../journal/event.ts';
import { LINE_BREAK } from '../journal/lines.ts';
import { readJournal } from '../journal/read.ts';
import { listRuns, type RunFolder } from '../journal/run-folder.ts';
import { duration, msBetween } from '../report/durations.ts';
import { printableLine } from '../report/printable.ts';
import { stateDirOf } from './execute.ts';
import { DONE } from './exit-codes.ts';
import { holderOfRun, type LookOptions } from './look-at-run.ts';
import type { Terminal } from './terminal.ts';

/** Lists runs, the latest last: one glance at each journal's two ends, however long it is. */
export async function runs(options: LookOptions, terminal: Terminal): Promise<number> {
  const stateDir = stateDirOf(options, terminal);
  const all = await listRuns(stateDir);
  if (all.length === 0) terminal.err(`there are no runs in ${stateDir}\n`);
  for (const folder of all) terminal.out(`${lineOf(folder)}\n`);
  return DONE;
}

function lineOf(folder: RunFolder): string {
  const { first, last } = endsOf(folder.journalFile);
  const started = first?.type === 'run_started' ? first : undefined;
  const dry = started?.check === true ? 'dry run: ' : '';
  if (started === undefined) return `${folder.id}  broke off before it had begun`;
  const end = last.findLast(({ type }) => type === 'run_finished' || type === 'run_resumed');
  const pause = last.findLast(({ type }) => /^run_(paused|continued|aborted)$/.test(type));
  const holder = holderOfRun(folder);
  const state =
    holder !== undefined
      ? `running (${holder.user}, pid ${holder.pid})`
      : end?.type === 'run_finished'
        ? `${end.reason} (${end.exitCode})`
        : 'broken off';
  const waits =
    pause === undefined || pause.type === 'run_continued' ? '' : pause.type === 'run_paused' ? ', paused' : ', aborted';
  const ms = duration(msBetween(started.at, last.at(-1)?.at ?? started.at));
  return printableLine(
    `${folder.id}  ${dry}${state}${waits}  ${started.playbook}  ${started.hosts} ${started.hosts === 1 ? 'host' : 'hosts'}  ${ms}  ${started.operator}@${started.bastion}`,
  );
}

/** Enough for the first event, and for the last ones. Bytes. */
const CHUNK = 64 * 1024;

function endsOf(file: string): { readonly first?: Stamped; readonly last: readonly Stamped[] } {
  try {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      const head = chunk(fd, 0, Math.min(size, CHUNK));
      const tail = chunk(fd, Math.max(0, size - CHUNK), Math.min(size, CHUNK));
      const [first] = readJournal(head.subarray(0, head.indexOf(LINE_BREAK) + 1)).events;
      const { events } = readJournal(size > CHUNK ? tail.subarray(tail.indexOf(LINE_BREAK) + 1) : tail);
      return { ...(first === undefined ? {} : { first }), last: events };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { last: [] };
    throw error;
  }
}

function chunk(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
}
