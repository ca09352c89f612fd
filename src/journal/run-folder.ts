import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeAtomically } from './durable.ts';

/** Where everything about one run is kept. */
export interface RunFolder {
  readonly id: string;
  readonly path: string;
  readonly planFile: string;
  /** What those who approved the plan had seen of its hosts; there only where it was approved with that. */
  readonly approvedFile: string;
  readonly journalFile: string;
  readonly hostsDir: string;
  readonly summaryFile: string;
  /** One host a line, as `--limit @file` takes it: those with which not all went well. */
  readonly notDoneFile: string;
}

export type FoundRun =
  | { readonly ok: true; readonly folder: RunFolder }
  | { readonly ok: false; readonly reason: string };

const RUN_ID = /^\d{8}T\d{6}Z-[0-9a-f]{4}(-check)?$/;
const DRY = '-check';
const MOST_TRIES = 100;

/** An id that sorts by time and can be read aloud, such as `20261121T071500Z-7f3a`. `random` gives numbers as Math.random does. */
export function runIdAt(now: Date, random: () => number): string {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const rest = Math.floor(random() * 0x10000);
  return `${time}-${rest.toString(16).padStart(4, '0')}`;
}

/** Where a run's files are, whether they exist or not. */
export function runFolderOf(stateDir: string, id: string): RunFolder {
  const path = join(stateDir, 'runs', id);
  return {
    id,
    path,
    planFile: join(path, 'plan.json'),
    approvedFile: join(path, 'approved.json'),
    journalFile: join(path, 'journal.jsonl'),
    hostsDir: join(path, 'hosts'),
    summaryFile: join(path, 'summary.json'),
    notDoneFile: join(path, 'hosts-not-done.txt'),
  };
}

/** Makes the folder of a new run, 0700, under an id that no other run has. Rejects on I/O errors. */
export async function createRunFolder(
  stateDir: string,
  now: Date,
  random: () => number,
  isDryRun = false,
): Promise<RunFolder> {
  const runs = join(stateDir, 'runs');
  await mkdir(runs, { recursive: true, mode: 0o700 });
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const folder = runFolderOf(stateDir, `${runIdAt(now, random)}${isDryRun ? DRY : ''}`);
    if (!(await makeFolder(folder.path))) continue;
    await makeFolder(folder.hostsDir);
    await syncFolder(folder.path);
    await syncFolder(runs);
    return folder;
  }
  throw new Error(`no free run id was found in ${runs}: ${MOST_TRIES} runs of this very second exist; try again`);
}

/** A dry run did nothing: there is nothing in it to go on with, and it is nobody's latest run. */
export function isDryRun({ id }: RunFolder): boolean {
  return id.endsWith(DRY);
}

/** False when something of that name is there already. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** All runs, the oldest first. Rejects on I/O errors other than that there are none. */
export async function listRuns(stateDir: string): Promise<readonly RunFolder[]> {
  const entries = await readdir(join(stateDir, 'runs'), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const ids = entries.filter((entry) => entry.isDirectory() && RUN_ID.test(entry.name)).map((entry) => entry.name);
  return ids.sort().map((id) => runFolderOf(stateDir, id));
}

/** The run with that id, or the only one whose id begins so; without one, the latest that was no dry run. */
export async function findRun(stateDir: string, id?: string): Promise<FoundRun> {
  const runs = await listRuns(stateDir);
  const latest = runs.findLast((run) => !isDryRun(run));
  const none = () => no(`there are no runs in ${join(stateDir, 'runs')}; --state-dir says where else to look`);
  if (id === undefined) return latest === undefined ? none() : { ok: true, folder: latest };
  if (runs.length === 0) return none();
  const [found, ...others] = runs.filter((run) => id !== '' && run.id.startsWith(id));
  if (found === undefined)
    return no(`no run in ${join(stateDir, 'runs')} begins with "${id}"; the latest is ${(latest ?? runs.at(-1))?.id}`);
  if (others.length === 0) return { ok: true, folder: found };
  return no(
    `"${id}" fits ${others.length + 1} runs; write more of one: ${[found, ...others]
      .slice(-5)
      .map((run) => run.id)
      .join(', ')}`,
  );
}

function no(reason: string): FoundRun {
  return { ok: false, reason };
}

/** Saves the plan before anything is run. Atomic, and on disk when it resolves. */
export async function savePlan(folder: RunFolder, plan: object): Promise<void> {
  await writeAtomically(folder.planFile, `${JSON.stringify(plan, null, 2)}\n`);
}

/** Saves what was approved of the hosts, for whoever resumes the run. Atomic, and on disk when it resolves. */
export async function saveApproved(folder: RunFolder, approved: object): Promise<void> {
  await writeAtomically(folder.approvedFile, `${JSON.stringify(approved, null, 2)}\n`);
}

/** Saves the recap of a run, and the hosts that are not done. Atomic, and on disk when it resolves. */
export async function saveSummary(folder: RunFolder, summary: object, notDone: readonly string[]): Promise<void> {
  await writeAtomically(folder.notDoneFile, notDone.map((host) => `${host}\n`).join(''));
  await writeAtomically(folder.summaryFile, `${JSON.stringify(summary, null, 2)}\n`);
}
