import { resolve } from 'node:path';
import { writeAtomically } from '../journal/durable.ts';
import type { Plan } from '../plan/plan.ts';
import { planAsText } from '../plan/print.ts';
import { printable } from '../report/printable.ts';
import { sectionAsText } from '../review/as-text.ts';
import { type Observed, observedSection } from '../review/observed.ts';
import { savedPlan } from '../review/saved.ts';
import { Mistakes } from '../source/mistakes.ts';
import { stateDirOf } from './execute.ts';
import { DONE, USAGE } from './exit-codes.ts';
import { type HoursOptions, plannedHours, readHours } from './hours.ts';
import { endsInLedger } from './ledger-ends.ts';
import { type Loaded, load, type Selection } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import { DOCUMENTS, printedFor, unwritable } from './outputs.ts';
import { planForecast } from './plan-forecast.ts';
import { type Probed, probe } from './probing.ts';
import { checkRoutes } from './reaching.ts';
import { realClock } from './real-clock.ts';
import { madeHere, reviewOf } from './reviewing.ts';
import { chooseSeed } from './seed.ts';
import type { Terminal } from './terminal.ts';
import { withUploads } from './uploads.ts';

export interface PlanOptions extends Selection, HoursOptions {
  readonly format: 'text' | 'json';
  /** Files, whose names say in which form. */
  readonly output: readonly string[];
  readonly ticket?: string;
  readonly stateDir?: string;
  /** Asks the hosts too. */
  readonly probe?: boolean;
  readonly hostKeyChecking?: 'strict' | 'accept-new' | 'off';
}

/** Shows what a run would do, as text for people or as the plan itself; or saves it, for review and for the run. */
export async function plan(playbook: string, options: PlanOptions, terminal: Terminal): Promise<number> {
  const refusal = unwritable(options.output, ['.json', ...DOCUMENTS], terminal.cwd);
  if (refusal !== undefined) {
    terminal.err(`${refusal}\n`);
    return USAGE;
  }
  const hours = readHours(options, realClock.now());
  if (typeof hours === 'string') {
    terminal.err(`${hours}\n`);
    return USAGE;
  }
  const mistakes = new Mistakes();
  const stateDir = stateDirOf(options, terminal);
  const ends = endsInLedger(stateDir, terminal);
  const loaded = load(playbook, { ...options, ...plannedHours(hours) }, terminal.cwd, chooseSeed(), mistakes, ends);
  if (loaded === undefined) return reportMistakes(mistakes, terminal);
  const { complete, missing } = withUploads(loaded, terminal.cwd);
  const forecast = planForecast(loaded, stateDir, realClock.now(), terminal);
  const probed = options.probe === true ? await askHosts(loaded, options, terminal) : undefined;
  if (typeof probed === 'number') return probed;
  const about = { missing, forecast, ...(probed === undefined ? {} : { observed: probed.observed }) };
  if (options.output.length > 0) await save(complete.plan, about, options, terminal);
  else print(complete.plan, about, options, terminal);
  return probed?.exitCode ?? DONE;
}

/** What is told beside the plan itself. */
interface About {
  readonly missing: readonly string[];
  readonly forecast: readonly string[];
  readonly observed?: Observed;
}

async function askHosts(loaded: Loaded, options: PlanOptions, terminal: Terminal): Promise<Probed | number> {
  const mistakes = new Mistakes();
  checkRoutes(loaded, options, terminal, mistakes);
  return mistakes.none ? probe(loaded, options, terminal) : reportMistakes(mistakes, terminal);
}

function print(made: Plan, { forecast, observed }: About, options: PlanOptions, terminal: Terminal): void {
  if (options.format === 'json')
    terminal.out(`${JSON.stringify({ ...made, ...(observed === undefined ? {} : { observed }) }, undefined, 2)}\n`);
  else {
    terminal.out(`${printable(planAsText(made))}\n`);
    if (forecast.length > 0) terminal.out(`\n${forecast.join('\n')}\n`);
    for (const section of observedSection(observed)) terminal.out(`\n${sectionAsText(section)}\n`);
  }
}

async function save(
  made: Plan,
  { missing, forecast, observed }: About,
  options: PlanOptions,
  terminal: Terminal,
): Promise<void> {
  const how = madeHere(made, missing, options, terminal.cwd);
  const seen = observed === undefined ? {} : { observed };
  const review = reviewOf({ plan: made, made: how, ...seen }, { forecast, since: [] });
  for (const file of options.output)
    await writeAtomically(
      resolve(terminal.cwd, file),
      printedFor(file, review) ?? savedPlan({ plan: made, made: how, ...seen }),
    );
  terminal.out(`Plan ${made.id}\n${options.output.map((file) => `  ${file}\n`).join('')}`);
}
