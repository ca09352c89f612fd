import { relative } from 'node:path';
import { findRun, type RunFolder } from '../journal/run-folder.ts';
import { type HoldOwner, holderOf } from '../ledger/holds.ts';
import { quote } from '../shell/script.ts';
import { stateDirOf } from './execute.ts';
import { MISTAKE } from './exit-codes.ts';
import { runKey } from './holding.ts';
import { type ReadRun, readRun } from './read-run.ts';
import type { Terminal } from './terminal.ts';

export interface LookOptions {
  readonly stateDir?: string;
}

/** Where a run is, for those that only look; the exit code where there is none. */
export async function lookForRun(
  id: string | undefined,
  options: LookOptions,
  terminal: Terminal,
): Promise<RunFolder | number> {
  const found = await findRun(stateDirOf(options, terminal), id);
  if (found.ok) return found.folder;
  terminal.err(`${found.reason}\n`);
  return MISTAKE;
}

/** A run as its journal tells it, for those that only look. */
export interface Looked {
  readonly folder: RunFolder;
  readonly run: ReadRun;
  /** The live process that runs it. */
  readonly holder?: HoldOwner;
}

/** The same with all that has happened in it; the exit code where there is none, or it cannot be told. */
export async function lookAtRun(
  id: string | undefined,
  options: LookOptions,
  terminal: Terminal,
): Promise<Looked | number> {
  const folder = await lookForRun(id, options, terminal);
  if (typeof folder === 'number') return folder;
  // Asked first: a run that ends in between has written its end by then.
  const holder = holderOfRun(folder);
  const run = readRun(folder);
  if (run.ok) return { folder, run, ...(holder === undefined ? {} : { holder }) };
  terminal.err(`${run.reason}\n`);
  return MISTAKE;
}

/** The live process that runs it. */
export function holderOfRun(folder: RunFolder): HoldOwner | undefined {
  return holderOf(runKey(folder));
}

/** What has to follow each command for it to find the run again. */
export function suffixOf({ stateDir }: LookOptions): string {
  return stateDir === undefined ? '' : ` --state-dir ${quote(stateDir)}`;
}

export function shownPath(path: string, terminal: Terminal): string {
  return relative(terminal.cwd, path) || path;
}
