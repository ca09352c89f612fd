import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { logFileName } from '../report/log-file.ts';
import { didYouMean } from '../source/nearest.ts';
import { DONE, MISTAKE } from './exit-codes.ts';
import { holderOfRun, type LookOptions, lookForRun } from './look-at-run.ts';
import { readPlan } from './read-run.ts';
import { realClock } from './real-clock.ts';
import type { Terminal } from './terminal.ts';

export interface LogsOptions extends LookOptions {
  readonly follow?: boolean;
}

/** How often a log that is followed is looked at. Milliseconds. */
const REFRESH_MS = 500;
const CHUNK = 64 * 1024;

/** Shows a host's log, and with `follow` what comes, until the run ends. */
export async function logs(id: string, host: string, options: LogsOptions, terminal: Terminal): Promise<number> {
  const folder = await lookForRun(id, options, terminal);
  if (typeof folder === 'number') return folder;
  const plays = readPlan(folder.planFile)?.plays ?? [];
  const known = new Set(plays.flatMap((play) => play.batches.flatMap((batch) => batch.hosts)));
  if (!known.has(host)) {
    terminal.err(`"${host}" is no host of run ${folder.id}${didYouMean(host, known)}\n`);
    return MISTAKE;
  }
  const file = join(folder.hostsDir, logFileName(host));
  if (options.follow !== true && !existsSync(file)) terminal.err(`nothing has been done on ${host} yet\n`);
  const over = new AbortController();
  const forget = terminal.onInterrupt(() => over.abort());
  try {
    for (let offset = 0; ; ) {
      const isOver = options.follow !== true || holderOfRun(folder) === undefined || over.signal.aborted;
      offset = copyFrom(file, offset, terminal);
      if (isOver) return DONE;
      await realClock.sleep(REFRESH_MS, over.signal).catch(() => undefined);
    }
  } finally {
    forget();
  }
}

/** Gives where it came to. */
function copyFrom(file: string, offset: number, terminal: Terminal): number {
  if (!existsSync(file)) return offset;
  const fd = openSync(file, 'r');
  const decoder = new TextDecoder();
  try {
    for (let at = offset; ; ) {
      const bytes = Buffer.alloc(CHUNK);
      const read = readSync(fd, bytes, 0, CHUNK, at);
      if (read === 0) return at;
      at += read;
      terminal.out(decoder.decode(bytes.subarray(0, read), { stream: true }));
    }
  } finally {
    closeSync(fd);
  }
}
