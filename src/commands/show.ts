import { resolve } from 'node:path';
import { writeAtomically } from '../journal/durable.ts';
import { differences } from '../plan/differences.ts';
import { printable } from '../report/printable.ts';
import { asText } from '../review/as-text.ts';
import { documentOf } from '../review/review.ts';
import type { Saved } from '../review/saved.ts';
import { describeMistake, Mistakes } from '../source/mistakes.ts';
import { readPlanFile, remade, selectionOf } from './approved.ts';
import { stateDirOf } from './execute.ts';
import { DONE, MISTAKE, USAGE } from './exit-codes.ts';
import { DOCUMENTS, printedFor, unwritable } from './outputs.ts';
import { planForecast } from './plan-forecast.ts';
import { realClock } from './real-clock.ts';
import { reviewOf } from './reviewing.ts';
import type { Terminal } from './terminal.ts';

export interface ShowOptions {
  readonly output: readonly string[];
  readonly stateDir?: string;
}

/** Shows a saved plan again, and warns of what has changed since; whether it may still be run is for `run` to say. */
export async function show(file: string, options: ShowOptions, terminal: Terminal): Promise<number> {
  const refusal = unwritable(options.output, DOCUMENTS, terminal.cwd);
  if (refusal !== undefined) {
    terminal.err(`${refusal}\n`);
    return USAGE;
  }
  const saved = readPlanFile(file, terminal.cwd);
  if (!saved.ok) {
    terminal.err(`${file}: ${saved.reason}\n`);
    return MISTAKE;
  }
  const { since, forecast } = asOfNow(saved, options, terminal);
  for (const each of since) terminal.err(`since the plan was made: ${printable(each)}\n`);
  const { ok: _, ...kept } = saved;
  const review = reviewOf(kept, { since, forecast });
  for (const name of options.output) await writeAtomically(resolve(terminal.cwd, name), printedFor(name, review) ?? '');
  if (options.output.length === 0) terminal.out(asText(documentOf(review)));
  return DONE;
}

function asOfNow(
  saved: Saved,
  options: ShowOptions,
  terminal: Terminal,
): { readonly since: readonly string[]; readonly forecast: readonly string[] } {
  const mistakes = new Mistakes();
  const now = remade(saved, selectionOf(saved, {}), undefined, terminal.cwd, mistakes);
  if (now === undefined)
    return { since: mistakes.all.map((mistake) => describeMistake(mistake).split('\n')[0] ?? ''), forecast: [] };
  const forecast = planForecast(now, stateDirOf(options, terminal), realClock.now(), terminal);
  return { since: differences(saved.plan, now.plan), forecast };
}
