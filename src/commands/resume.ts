import { dirname, resolve } from 'node:path';
import { type Retried, retries } from '../engine/retry.ts';
import { createExpressions } from '../expressions/expressions.ts';
import type { Stamped } from '../journal/event.ts';
import { saidBy } from '../journal/orders.ts';
import { replay } from '../journal/progress.ts';
import { findRun, isDryRun, type RunFolder } from '../journal/run-folder.ts';
import { endOf } from '../journal/runs-of-plan.ts';
import { Holds } from '../ledger/holds.ts';
import type { Plan } from '../plan/plan.ts';
import { missingSecrets, type Secrets } from '../plan/secrets.ts';
import { printableLine } from '../report/printable.ts';
import { Mistakes } from '../source/mistakes.ts';
import { actorHere } from './actor.ts';
import { changedInputs } from './changed-inputs.ts';
import { execute, type Job, operatorHere, type RunningOptions, stateDirOf } from './execute.ts';
import { DONE, MISTAKE, USAGE } from './exit-codes.ts';
import { holdRun } from './holding.ts';
import { readHours } from './hours.ts';
import { limitedHosts } from './limited-hosts.ts';
import { type Loaded, load } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import { checkRoutes } from './reaching.ts';
import { type ReadRun, readApproved, readRun, type Started } from './read-run.ts';
import { realClock } from './real-clock.ts';
import { replacePlan, replan } from './replan.ts';
import { salvage } from './salvage.ts';
import type { Terminal } from './terminal.ts';

export interface ResumeOptions extends RunningOptions {
  /** Secrets that were given by `-e` before: they are stored nowhere. */
  readonly extraVars: readonly string[];
  readonly assumeDone?: boolean;
  readonly redo?: boolean;
  /** Why the one or the other is right. */
  readonly reason?: string;
  readonly replan?: boolean;
  readonly salvage?: boolean;
  readonly retryFailed?: boolean;
  readonly retryUnreachable?: boolean;
  readonly limit?: string;
}

/** Goes on with a run from where each of its hosts was: the saved plan, the replayed journal. */
export async function resume(id: string | undefined, options: ResumeOptions, terminal: Terminal): Promise<number> {
  const refuse = (why: string) => {
    terminal.err(`${why}\n`);
    return MISTAKE;
  };
  const found = await findRun(stateDirOf(options, terminal), id);
  if (!found.ok) return refuse(found.reason);
  if (isDryRun(found.folder))
    return refuse(
      `run ${found.folder.id} is a dry run: nothing was done, and there is nothing to go on with; start it by rollgate run`,
    );
  const holds = new Holds();
  try {
    // Held before it is read: what another process still writes would be missing from what is read now.
    const holder = holdRun(holds, found.folder, realClock.now());
    if (holder !== undefined) return refuse(holder);
    const salvaged = options.salvage === true ? await salvage(found.folder) : undefined;
    if (salvaged !== undefined) terminal.err(`${salvaged}\n`);
    const saved = readRun(found.folder);
    return saved.ok ? await goOn(saved, found.folder, holds, options, terminal) : refuse(saved.reason);
  } finally {
    holds.release();
  }
}

async function goOn(
  saved: ReadRun,
  folder: RunFolder,
  holds: Holds,
  options: ResumeOptions,
  terminal: Terminal,
): Promise<number> {
  const { past } = saved;
  if (endOf(past)?.exitCode === 0) {
    terminal.out(`run ${folder.id} came to its end with everything done; nothing is left to do\n`);
    return DONE;
  }
  const approved = readApproved(folder, saved.started);
  if (!approved.ok) {
    terminal.err(`${approved.reason}\n`);
    return MISTAKE;
  }
  const answer = answerOf(options);
  if (answer !== undefined && (options.reason ?? '').trim() === '') {
    terminal.err(
      `--${answer} overrides what rollgate knows: say why by --reason, for whoever comes next; nothing was done\n`,
    );
    return USAGE;
  }
  const loaded = planToGoOnBy(saved, options, terminal);
  if (typeof loaded === 'number') return loaded;
  const { plan } = loaded;
  const mistakes = new Mistakes();
  const only = options.limit === undefined ? undefined : limitedHosts(options.limit, plan, terminal.cwd, mistakes);
  if (!mistakes.none) return reportMistakes(mistakes, terminal);
  if (options.yes !== true && !terminal.isInteractive) {
    terminal.err('rollgate resume asks before it goes on, and there is no terminal to ask at; run it with --yes\n');
    return USAGE;
  }
  const hours = readHours(options, realClock.now());
  if (typeof hours === 'string') {
    terminal.err(`${hours}\n`);
    return USAGE;
  }
  if (options.yes !== true && !(await agrees(folder, past, terminal))) {
    terminal.err('nothing was done\n');
    return MISTAKE;
  }
  const job: Job = {
    ...loaded,
    folder,
    holds,
    past,
    ...(approved.approved === undefined ? {} : { approved: approved.approved }),
    hours,
    opening: {
      type: 'run_resumed',
      run: folder.id,
      ...operatorHere(),
      ...(answer === undefined ? {} : { answer, reason: options.reason ?? '' }),
      ...(only === undefined ? {} : { only: [...only] }),
      ...(plan.id === saved.plan.id ? {} : { plan: plan.id }),
    },
    ...(answer === undefined ? {} : { answer }),
    ...(only === undefined ? {} : { only }),
    orders: retries(retriedBy(options), plan, replay(past), actorHere(terminal.env), only),
  };
  checkRoutes(job, options, terminal, mistakes);
  if (!mistakes.none) return reportMistakes(mistakes, terminal);
  if (plan.id !== saved.plan.id) await replacePlan(folder, saved.plan, plan);
  return execute(job, options, terminal);
}

/** The saved plan with its secrets read again; or, where that is asked for, one made anew, its differences shown. Else the exit code. */
function planToGoOnBy(saved: ReadRun, options: ResumeOptions, terminal: Terminal): Loaded | number {
  const refuse = (why: string) => {
    terminal.err(`${why}\n`);
    return MISTAKE;
  };
  if (options.replan === true) {
    const mistakes = new Mistakes();
    const made = replan(saved, replay(saved.past), options.extraVars, mistakes);
    if (made === undefined) return reportMistakes(mistakes, terminal);
    if (!made.ok) return refuse(made.reason);
    const shown = made.differences.map((line) => `  ${printableLine(line)}\n`).join('');
    terminal.err(shown === '' ? 'a plan made anew is the same\n' : `a plan made anew differs:\n${shown}`);
    return made.loaded;
  }
  const { plan, started } = saved;
  const secrets = secretsOf(plan, started, options.extraVars);
  const missing = missingSecrets(plan, secrets);
  if (missing.length > 0)
    return refuse(`${missing.join('; ')}: secrets are not stored, and could not be read again; give them again by -e`);
  tellWhatChanged(plan, started, terminal);
  return {
    plan,
    secrets,
    expressions: createExpressions(),
    playbookDir: dirname(resolve(started.folder, plan.playbook)),
  };
}

function answerOf({ assumeDone, redo }: ResumeOptions): Job['answer'] {
  if (assumeDone === true) return 'assume-done';
  return redo === true ? 'redo' : undefined;
}

function retriedBy({ retryFailed, retryUnreachable }: ResumeOptions): ReadonlySet<Retried> {
  return new Set<Retried>([
    ...(retryFailed === true ? (['failed'] as const) : []),
    ...(retryUnreachable === true ? (['unreachable'] as const) : []),
  ]);
}

/** What was approved is what runs: a changed file is told, and changes nothing. */
function tellWhatChanged(plan: Plan, { folder }: Started, terminal: Terminal): void {
  const changed = changedInputs(plan.inputs, folder);
  if (changed.length === 0) return;
  const lines = changed.map((line) => `  ${printableLine(line)}\n`).join('');
  terminal.err(
    `since the plan was made, and the run goes on by the saved plan all the same (--replan makes it anew):\n${lines}`,
  );
}

/** The secrets that the plan refers to, from the files that it was made from, and from what is given by `-e` again. */
function secretsOf(plan: Plan, { folder, sources }: Started, given: readonly string[]): Secrets {
  if (missingSecrets(plan, new Map()).length === 0) return new Map();
  const again = { ...plan.options, inventory: sources.inventory, extraVars: [...sources.variables, ...given] };
  return load(plan.playbook, again, folder, plan.seed ?? 0, new Mistakes())?.secrets ?? new Map();
}

async function agrees(folder: RunFolder, past: readonly Stamped[], terminal: Terminal): Promise<boolean> {
  const finished = past.filter((event) => event.type === 'step_finished').length;
  const { paused } = replay(past);
  const waits =
    paused === undefined
      ? ''
      : ` It will wait until somebody says continue: ${paused.type === 'run_paused' ? 'paused' : 'aborted'} ${saidBy(paused)}.`;
  const typed = await terminal.readLine(
    `Run ${folder.id}: ${finished} steps are done and will not be repeated.${waits} Go on? [y/N] `,
  );
  return /^y(es)?$/i.test(typed?.trim() ?? '');
}
