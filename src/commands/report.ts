import { resolve } from 'node:path';
import { type Account, accountOf } from '../account/account.ts';
import { accountDocument } from '../account/document.ts';
import { writeAtomically } from '../journal/durable.ts';
import type { RunFolder } from '../journal/run-folder.ts';
import { DONE, MISTAKE, USAGE } from './exit-codes.ts';
import { holderOfRun, type LookOptions, lookForRun, shownPath, suffixOf } from './look-at-run.ts';
import { DOCUMENTS, printed, unwritable } from './outputs.ts';
import { type ReadRun, readRun } from './read-run.ts';
import { realClock } from './real-clock.ts';
import type { Terminal } from './terminal.ts';

export interface ReportOptions extends LookOptions {
  /** Files, whose names say in which form. */
  readonly output: readonly string[];
}

/** Writes down what was planned of a run beside what happened, for its ticket. */
export async function report(id: string | undefined, options: ReportOptions, terminal: Terminal): Promise<number> {
  const refusal = unwritable(options.output, ['.json', ...DOCUMENTS], terminal.cwd);
  if (refusal !== undefined) {
    terminal.err(`${refusal}\n`);
    return USAGE;
  }
  const folder = await lookForRun(id, options, terminal);
  if (typeof folder === 'number') return folder;
  // Asked first: a run that ends in between has written its end by then.
  const holder = holderOfRun(folder);
  const read = readRun(folder);
  if (!read.ok) {
    terminal.err(`${read.reason}\n`);
    return MISTAKE;
  }
  const account = accountOfRun(folder, read, holder, options, terminal);
  for (const file of options.output)
    await writeAtomically(
      resolve(terminal.cwd, file),
      printed(file, () => accountDocument(account)) ?? `${JSON.stringify(account)}\n`,
    );
  terminal.out(`Run ${folder.id}\n${options.output.map((file) => `  ${file}\n`).join('')}`);
  return DONE;
}

function accountOfRun(
  folder: RunFolder,
  { plan, past }: ReadRun,
  holder: ReturnType<typeof holderOfRun>,
  options: ReportOptions,
  terminal: Terminal,
): Account {
  const suffix = suffixOf(options);
  return accountOf(plan, past, {
    now: realClock.now().toISOString(),
    ...(holder === undefined ? {} : { holder }),
    suffix,
    logFolder: shownPath(folder.hostsDir, terminal),
    resumeCommand: `rollgate resume ${folder.id}${suffix}`,
  });
}
