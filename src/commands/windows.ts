import { readExtraVars } from '../inventory/extra-vars.ts';
import { readInventory } from '../inventory/read.ts';
import { Ledger } from '../ledger/ledger.ts';
import { type Overview, overviewOf } from '../ledger/overview.ts';
import { Mistakes } from '../source/mistakes.ts';
import { stateDirOf } from './execute.ts';
import { DONE } from './exit-codes.ts';
import { machinesInInventory } from './machines.ts';
import { reportMistakes } from './mistakes.ts';
import { openWindows } from './open-windows.ts';
import { connect } from './reaching.ts';
import { realClock } from './real-clock.ts';
import { realFiles } from './real-files.ts';
import { ledgerFileOf } from './run-ledger.ts';
import type { Terminal } from './terminal.ts';
import { windowsAsText } from './windows-text.ts';

export interface WindowsOptions {
  readonly inventory?: readonly string[];
  readonly extraVars: readonly string[];
  readonly stateDir?: string;
  readonly format: 'text' | 'json';
}

/** Shows what is open, and what was renewed and how long it still holds. */
export async function windows(options: WindowsOptions, terminal: Terminal): Promise<number> {
  const mistakes = new Mistakes();
  const hosts = machinesAskedFor(options, terminal, mistakes);
  if (!mistakes.none) return reportMistakes(mistakes, terminal);
  const stateDir = stateDirOf(options, terminal);
  const ledger = new Ledger(ledgerFileOf(stateDir));
  ledger.refresh();
  for (const { line, why } of ledger.unreadable)
    terminal.err(`WARNING: ${ledger.file}:${line}: this line cannot be read and is passed over: ${why}\n`);
  const now = realClock.now();
  const open = await openWindows(stateDir);
  const names: readonly Overview[] = overviewOf(ledger.all, hosts, now);
  terminal.out(
    options.format === 'json'
      ? `${JSON.stringify({ version: 1, at: now.toISOString(), open, ledger: names, unreadable: ledger.unreadable }, undefined, 2)}\n`
      : `${windowsAsText({ file: ledger.file, open, names, hosts: hosts && [...hosts.keys()] }, now).join('\n')}\n`,
  );
  return DONE;
}

/** By host: its machine; undefined where no inventory is given. */
function machinesAskedFor(
  { inventory, extraVars }: WindowsOptions,
  terminal: Terminal,
  mistakes: Mistakes,
): ReadonlyMap<string, string> | undefined {
  const files = realFiles(terminal.cwd);
  const { vars } = readExtraVars(extraVars, files, mistakes);
  if (inventory === undefined) return undefined;
  const read = readInventory(inventory, files, mistakes);
  return machinesInInventory(
    read.inventory,
    vars,
    connect({}, terminal, () => {}),
  );
}
