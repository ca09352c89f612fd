import { dirname, resolve } from 'node:path';
import { createExpressions } from '../expressions/expressions.ts';
import type { Stamped } from '../journal/event.ts';
import { saidBy } from '../journal/orders.ts';
import { replay } from '../journal/progress.ts';
import { findRun, isDryRun, type RunFolder } from '../journal/run-folder.ts';
import { endOf } from '../journal/runs-of-plan.ts';
import { Holds } from '../ledger/holds.ts';
import type { Plan } from '../plan/plan.ts';
import { missingSecrets, type Secrets } from '../plan/secrets.ts';
import { Mistakes } from '../source/mistakes.ts';
import { execute, type Job, operatorHere, type RunningOptions, stateDirOf } from './execute.ts';
import { DONE, MISTAKE, USAGE } from './exit-codes.ts';
import { holdRun } from './holding.ts';
import { readHours } from './hours.ts';
import { load } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import { checkRoutes } from './reaching.ts';
import { type ReadRun, readRun, type Started } from './read-run.ts';
import { realClock } from './real-clock.ts';
import type { Terminal } from './terminal.ts';

export interface ResumeOptions extends RunningOptions {
  /** Secrets that were given by `-e` before: they are stored nowhere. */
  readonly extraVars: readonly string[];
  readonly assumeDone?: boolean;
  readonly redo?: boolean;
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
    const saved = readRun(found.folder);
    return saved.ok ? await goOn(saved, found.folder, holds, options, terminal) : refuse(saved.reason);
  } finally {
    holds.release();
  }
}

async function goOn(
  { plan, past, started }: ReadRun,
  folder: RunFolder,
  holds: Holds,
  options: ResumeOptions,
  terminal: Terminal,
): Promise<number> {
  const refuse = (why: string) => {
    terminal.err(`${why}\n`);
    return MISTAKE;
  };
  if (endOf(past)?.exitCode === 0) {
    terminal.out(`run ${folder.id} came to its end with everything done; nothing is left to do\n`);
    return DONE;
  }
  if (options.yes !== true && !terminal.isInteractive) {
    terminal.err('rollgate resume asks before it goes on, and there is no terminal to ask at; run it with --yes\n');
    return USAGE;
  }
  const hours = readHours(options, realClock.now());
  if (typeof hours === 'string') {
    terminal.err(`${hours}\n`);
    return USAGE;
  }
  const secrets = secretsOf(plan, started, options.extraVars);
  const missing = missingSecrets(plan, secrets);
  if (missing.length > 0)
    return refuse(`${missing.join('; ')}: secrets are not stored, and could not be read again; give them again by -e`);
  const answer: Job['answer'] =
    options.assumeDone === true ? 'assume-done' : options.redo === true ? 'redo' : undefined;
  if (options.yes !== true && !(await agrees(folder, past, terminal))) return refuse('nothing was done');
  const job: Job = {
    plan,
    secrets,
    expressions: createExpressions(),
    playbookDir: dirname(resolve(started.folder, plan.playbook)),
    folder,
    holds,
    past,
    hours,
    opening: {
      type: 'run_resumed',
      run: folder.id,
      ...operatorHere(),
      ...(answer === undefined ? {} : { answer }),
    },
    ...(answer === undefined ? {} : { answer }),
  };
  const mistakes = new Mistakes();
  checkRoutes(job, options, terminal, mistakes);
  return mistakes.none ? execute(job, options, terminal) : reportMistakes(mistakes, terminal);
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
