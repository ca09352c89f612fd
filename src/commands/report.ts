import { resolve } from 'node:path';
import { type Account, accountOf } from '../account/account.ts';
import { accountDocument } from '../account/document.ts';
import { writeAtomically } from '../journal/durable.ts';
import { DONE, USAGE } from './exit-codes.ts';
import { type Looked, type LookOptions, lookAtRun, shownPath, suffixOf } from './look-at-run.ts';
import { DOCUMENTS, printed, unwritable } from './outputs.ts';
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
  const looked = await lookAtRun(id, options, terminal);
  if (typeof looked === 'number') return looked;
  const account = accountOfRun(looked, options, terminal);
  for (const file of options.output)
    await writeAtomically(
      resolve(terminal.cwd, file),
      printed(file, () => accountDocument(account)) ?? `${JSON.stringify(account)}\n`,
    );
  terminal.out(`Run ${looked.folder.id}\n${options.output.map((file) => `  ${file}\n`).join('')}`);
  return DONE;
}

function accountOfRun({ folder, run, holder }: Looked, options: ReportOptions, terminal: Terminal): Account {
  const suffix = suffixOf(options);
  return accountOf(run.plan, run.past, {
    now: realClock.now().toISOString(),
    ...(holder === undefined ? {} : { holder }),
    suffix,
    logFolder: shownPath(folder.hostsDir, terminal),
    resumeCommand: `rollgate resume ${folder.id}${suffix}`,
  });
}
