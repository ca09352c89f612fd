import { relative } from 'node:path';
import { findRun, type RunFolder } from '../journal/run-folder.ts';
import { type HoldOwner, holderOf } from '../ledger/holds.ts';
import { quote } from '../shell/script.ts';
import { stateDirOf } from './execute.ts';
import { MISTAKE } from './exit-codes.ts';
import { runKey } from './holding.ts';
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
