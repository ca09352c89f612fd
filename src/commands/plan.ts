import { extname, resolve } from 'node:path';
import { writeAtomically } from '../journal/durable.ts';
import type { Plan } from '../plan/plan.ts';
import { planAsText } from '../plan/print.ts';
import { savedPlan } from '../review/saved.ts';
import { Mistakes } from '../source/mistakes.ts';
import { stateDirOf } from './execute.ts';
import { DONE, USAGE } from './exit-codes.ts';
import { endsInLedger } from './ledger-ends.ts';
import { load, type Selection } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import { DOCUMENTS, printedFor } from './outputs.ts';
import { planForecast } from './plan-forecast.ts';
import { realClock } from './real-clock.ts';
import { madeHere, reviewOf } from './reviewing.ts';
import { chooseSeed } from './seed.ts';
import type { Terminal } from './terminal.ts';
import { withUploads } from './uploads.ts';

export interface PlanOptions extends Selection {
  readonly format: 'text' | 'json';
  /** Files, whose names say in which form. */
  readonly output: readonly string[];
  readonly ticket?: string;
  readonly stateDir?: string;
}

/** Shows what a run would do, as text for people or as the plan itself; or saves it, for review and for the run. */
export async function plan(playbook: string, options: PlanOptions, terminal: Terminal): Promise<number> {
  const unknown = options.output.find((file) => !['.json', ...DOCUMENTS].includes(extname(file).toLowerCase()));
  if (unknown !== undefined) {
    terminal.err(`-o ${unknown}: its name must end in one of ${['.json', ...DOCUMENTS].join(', ')}\n`);
    return USAGE;
  }
  const mistakes = new Mistakes();
  const stateDir = stateDirOf(options, terminal);
  const ends = endsInLedger(stateDir, terminal);
  const loaded = load(playbook, options, terminal.cwd, chooseSeed(), mistakes, ends);
  if (loaded === undefined) return reportMistakes(mistakes, terminal);
  const { complete, missing } = withUploads(loaded, terminal.cwd);
  const forecast = planForecast(loaded, stateDir, realClock.now(), terminal);
  if (options.output.length > 0) return save(complete.plan, { missing, forecast }, options, terminal);
  if (options.format === 'json') terminal.out(`${JSON.stringify(complete.plan, undefined, 2)}\n`);
  else {
    terminal.out(`${planAsText(complete.plan)}\n`);
    if (forecast.length > 0) terminal.out(`\n${forecast.join('\n')}\n`);
  }
  return DONE;
}

async function save(
  made: Plan,
  { missing, forecast }: { readonly missing: readonly string[]; readonly forecast: readonly string[] },
  options: PlanOptions,
  terminal: Terminal,
): Promise<number> {
  const how = madeHere(made, missing, options, terminal.cwd);
  const review = reviewOf(made, how, { forecast, since: [] });
  for (const file of options.output)
    await writeAtomically(resolve(terminal.cwd, file), printedFor(file, review) ?? savedPlan(made, how));
  terminal.out(`Plan ${made.id}\n${options.output.map((file) => `  ${file}\n`).join('')}`);
  return DONE;
}
