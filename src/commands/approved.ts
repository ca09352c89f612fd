import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { runsOfPlan } from '../journal/runs-of-plan.ts';
import { differences } from '../plan/differences.ts';
import { endsAsPlanned } from '../plan/order.ts';
import type { Plan } from '../plan/plan.ts';
import { missingSecrets } from '../plan/secrets.ts';
import { printable } from '../report/printable.ts';
import type { Observed } from '../review/observed.ts';
import { type Read, readSaved, type Saved } from '../review/saved.ts';
import { duration, durationMs } from '../source/duration.ts';
import { Mistakes } from '../source/mistakes.ts';
import { type RunningOptions, stateDirOf } from './execute.ts';
import { MISTAKE, USAGE } from './exit-codes.ts';
import { hoursOf } from './hours.ts';
import { type Loaded, load, type Selection } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import { realClock } from './real-clock.ts';
import type { Terminal } from './terminal.ts';
import { withUploads } from './uploads.ts';
import { version } from './version.ts';

export interface ApprovedOptions extends Selection, RunningOptions {
  readonly plan: string;
  readonly maxAge: string;
}

/** What is to be run, and by which choice of the command line. */
export interface Chosen {
  readonly loaded: Loaded;
  readonly selection: Selection;
  /** What those who approved it had seen of the hosts. */
  readonly observed?: Observed;
}

/** The plan of a file, made again from what is here now, when nothing speaks against running it; else the exit code. */
export async function loadApproved(
  playbook: string | undefined,
  options: ApprovedOptions,
  terminal: Terminal,
): Promise<Chosen | number> {
  const refuse = (why: readonly string[]) => {
    for (const each of why) terminal.err(`${printable(each)}\n`);
    terminal.err('the plan was not run; no host was touched\n');
    return MISTAKE;
  };
  const maxAgeMs = durationMs(options.maxAge);
  if (maxAgeMs === undefined) {
    terminal.err(`--max-age "${options.maxAge}" is no duration; write 7d, 12h or 90m\n`);
    return USAGE;
  }
  const saved = readPlanFile(options.plan, terminal.cwd);
  if (!saved.ok) return refuse([`${options.plan}: ${saved.reason}`]);
  const stale = [...staleness(saved, maxAgeMs), ...(await pastRuns(saved, options, terminal))];
  const selection = selectionOf(saved, options);
  const mistakes = new Mistakes();
  const loaded = remade(saved, selection, playbook, terminal.cwd, mistakes);
  if (loaded === undefined) {
    reportMistakes(mistakes, terminal);
    return refuse([...stale, `${options.plan}: the plan cannot be made again from what is here now`]);
  }
  const missing = missingSecrets(saved.plan, loaded.secrets);
  const objections = [...stale, ...differences(saved.plan, loaded.plan), ...missing.map(notStored)];
  if (objections.length > 0) return refuse(objections);
  const { observed } = saved;
  return { loaded, selection, ...(observed === undefined ? {} : { observed }) };
}

/** A saved plan from its file. */
export function readPlanFile(file: string, folder: string): Read {
  try {
    return readSaved(readFileSync(resolve(folder, file), 'utf8'));
  } catch (error) {
    return { ok: false, reason: `it cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** What a saved plan was made from, and what is given beside it: that may say nothing else, but for secrets given again. */
export function selectionOf({ plan, made }: Saved, given: Partial<Selection>): Selection {
  const { limit, forks, tags, skipTags, notBefore, notAfter } = plan.options;
  const [begin, end] = [given.notBefore ?? notBefore, given.notAfter ?? notAfter];
  const chosenLimit = given.limit ?? limit;
  return {
    inventory: given.inventory === undefined || given.inventory.length === 0 ? made.sources.inventory : given.inventory,
    extraVars: [...made.sources.variables, ...openVariables(plan), ...(given.extraVars ?? [])],
    ...(chosenLimit === undefined ? {} : { limit: chosenLimit }),
    forks: given.forks ?? forks,
    tags: given.tags?.length ? given.tags : tags,
    skipTags: given.skipTags?.length ? given.skipTags : skipTags,
    ...(begin === undefined ? {} : { notBefore: begin }),
    ...(end === undefined ? {} : { notAfter: end }),
    // Where every play pauses, it makes no difference whether each says so or the option did.
    pauseAfterFirst: given.pauseAfterFirst ?? plan.plays.every(({ pauseAfter }) => pauseAfter !== undefined),
  };
}

/** The variables of `-e` that a plan holds; secrets are read again from their files, or given again. */
function openVariables({ options }: Plan): readonly string[] {
  const open = Object.entries(options.extraVars).filter(([, value]) => missingSecrets(value, new Map()).length === 0);
  return open.length === 0 ? [] : [JSON.stringify(Object.fromEntries(open))];
}

/** The plan again, from the files as they are now. */
export function remade(
  { plan }: Saved,
  selection: Selection,
  playbook: string | undefined,
  folder: string,
  mistakes: Mistakes,
): Loaded | undefined {
  const loaded = load(playbook ?? plan.playbook, selection, folder, plan.seed ?? 0, mistakes, () =>
    endsAsPlanned(plan),
  );
  return loaded === undefined ? undefined : withUploads(loaded, folder).complete;
}

function staleness({ plan, made }: Saved, maxAgeMs: number): readonly string[] {
  const now = realClock.now();
  const ageMs = now.getTime() - Date.parse(made.at);
  const { notAfter } = hoursOf(plan.options);
  const major = (text: string) => text.split('.')[0];
  return [
    ...(ageMs > maxAgeMs
      ? [
          `the plan was made ${duration(ageMs)} ago, at ${made.at}; --max-age allows ${duration(maxAgeMs)}: make and approve it anew`,
        ]
      : []),
    ...(notAfter !== undefined && notAfter <= now
      ? [`the hours of the plan ended at ${notAfter.toISOString()}: make and approve it anew`]
      : []),
    ...(major(made.rollgate) === major(version())
      ? []
      : [`the plan was made by rollgate ${made.rollgate}, and this is ${version()}: make and approve it anew`]),
  ];
}

/**
 * A plan is run to its end once; made anew from the same files it has the same id, and is another approval. A run of it that
 * stopped is worth a word: it is gone on with, rather than begun again.
 */
async function pastRuns(
  { plan, made }: Saved,
  options: ApprovedOptions,
  terminal: Terminal,
): Promise<readonly string[]> {
  const runs = await runsOfPlan(stateDirOf(options, terminal), plan.id);
  const done = runs.find(({ doneAt }) => doneAt !== undefined && Date.parse(doneAt) >= Date.parse(made.at));
  if (done !== undefined)
    return [
      `the plan has been run already: run ${done.folder.id} came to its end with everything done at ${done.doneAt}; to do it once more, make and approve it anew`,
    ];
  const last = runs.at(-1);
  if (last !== undefined)
    terminal.err(`run ${last.folder.id} of this plan has stopped: rollgate resume ${last.folder.id} goes on with it\n`);
  return [];
}

function notStored(reference: string): string {
  return `${reference}: secrets are not stored in plans, and this one could not be read again; give it again by -e`;
}
