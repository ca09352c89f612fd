import { createRunFolder, saveApproved, savePlan } from '../journal/run-folder.ts';
import { Holds } from '../ledger/holds.ts';
import { hostsIn } from '../plan/batches.ts';
import { planSummary } from '../plan/print.ts';
import { printable } from '../report/printable.ts';
import { observedId } from '../review/saved.ts';
import { Mistakes } from '../source/mistakes.ts';
import { type Chosen, loadApproved } from './approved.ts';
import { execute, operatorHere, type RunningOptions, stateDirOf } from './execute.ts';
import { USAGE } from './exit-codes.ts';
import { holdRun } from './holding.ts';
import { hoursOf, plannedHours, readHours } from './hours.ts';
import { endsInLedger } from './ledger-ends.ts';
import { type Loaded, load, type Selection } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import { planForecast } from './plan-forecast.ts';
import { checkRoutes } from './reaching.ts';
import { realClock } from './real-clock.ts';
import { checkSecondNames } from './second-names.ts';
import { chooseSeed } from './seed.ts';
import type { Terminal } from './terminal.ts';
import { withUploads } from './uploads.ts';
import { version } from './version.ts';

/** Nothing was done, and nothing is lost by that. */
const DECLINED = 3;

export interface RunOptions extends Selection, RunningOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly detailedExitcode?: boolean;
  /** The file of a plan that was approved. */
  readonly plan?: string;
  readonly maxAge: string;
}

/** Makes the plan, or takes the one that was approved; asks, and runs it; or, as a dry run, asks the hosts only. */
export async function run(playbook: string | undefined, options: RunOptions, terminal: Terminal): Promise<number> {
  const isDryRun = options.check === true;
  if (options.detailedExitcode === true && !isDryRun) {
    terminal.err('--detailed-exitcode says what a dry run found: give --check too\n');
    return USAGE;
  }
  // A dry run waits for nothing, the change window least of all.
  const given = readHours(isDryRun ? {} : options, realClock.now());
  if (typeof given === 'string') {
    terminal.err(`${given}\n`);
    return USAGE;
  }
  const chosen = await choose(playbook, { ...options, ...plannedHours(given) }, terminal);
  if (typeof chosen === 'number') return chosen;
  const { loaded, selection, observed } = chosen;
  const mistakes = new Mistakes();
  checkRoutes(loaded, options, terminal, mistakes);
  checkSecondNames(loaded, options, terminal, mistakes);
  if (!mistakes.none) return reportMistakes(mistakes, terminal);
  const hours = isDryRun ? {} : hoursOf(loaded.plan.options);
  const refusal = isDryRun ? undefined : await askToGoOn(loaded, options, terminal);
  if (refusal !== undefined) return refusal;
  const folder = await createRunFolder(stateDirOf(options, terminal), realClock.now(), Math.random, isDryRun);
  await savePlan(folder, loaded.plan);
  if (observed !== undefined) await saveApproved(folder, observed.approved);
  const hosts = hostsIn(loaded.plan);
  const opening = {
    type: 'run_started' as const,
    version: 1 as const,
    run: folder.id,
    plan: loaded.plan.id,
    ...(observed === undefined ? {} : { observed: observedId(loaded.plan, observed) }),
    playbook: loaded.plan.playbook,
    hosts: hosts.length,
    ...(isDryRun ? { check: true as const } : {}),
    rollgate: version(),
    ...operatorHere(),
    folder: terminal.cwd,
    sources: {
      inventory: selection.inventory,
      variables: selection.extraVars.filter((given) => given.startsWith('@')),
    },
  };
  const holds = new Holds();
  try {
    holdRun(holds, folder, realClock.now());
    const dryRun = isDryRun ? { dryRun: { isDetailed: options.detailedExitcode === true } } : {};
    const approved = observed === undefined ? {} : { approved: observed.approved };
    const job = {
      ...loaded,
      ...approved,
      folder,
      holds,
      past: [],
      opening,
      hours,
      ...dryRun,
      diff: options.diff === true,
    };
    return await execute(job, options, terminal);
  } finally {
    holds.release();
  }
}

async function choose(playbook: string | undefined, options: RunOptions, terminal: Terminal): Promise<Chosen | number> {
  const { plan, inventory } = options;
  if (plan !== undefined) return loadApproved(playbook, { ...options, plan }, terminal);
  if (playbook === undefined || inventory.length === 0) {
    const lack = playbook === undefined ? 'a playbook' : 'an inventory (-i, --inventory)';
    terminal.err(`error: rollgate run needs ${lack}, or a saved plan (--plan)\n`);
    return USAGE;
  }
  const mistakes = new Mistakes();
  const loaded = load(
    playbook,
    options,
    terminal.cwd,
    chooseSeed(),
    mistakes,
    endsInLedger(stateDirOf(options, terminal), terminal),
  );
  if (loaded === undefined) return reportMistakes(mistakes, terminal);
  return { loaded: withUploads(loaded, terminal.cwd).complete, selection: options };
}

/** The exit code to leave with, or undefined to go on. */
async function askToGoOn(loaded: Loaded, options: RunningOptions, terminal: Terminal): Promise<number | undefined> {
  const { plan } = loaded;
  if (options.yes === true) return undefined;
  if (!terminal.isInteractive) {
    terminal.err(
      'rollgate run asks before it begins, and there is no terminal to ask at; review the plan (rollgate plan) and run with --yes\n',
    );
    return USAGE;
  }
  const forecast = planForecast(loaded, stateDirOf(options, terminal), realClock.now(), terminal);
  const question = [printable(planSummary(plan)), ...forecast, '', `Plan ${plan.id}`, 'Go on? [y/N] '].join('\n');
  const answer = await terminal.readLine(question);
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return undefined;
  terminal.err('nothing was done\n');
  return DECLINED;
}
