import { userInfo } from 'node:os';
import { foldHosts, groupBy } from '../inventory/fold.ts';
import type { RunFolder } from '../journal/run-folder.ts';
import type { HoldOwner, Holds, Refusal } from '../ledger/holds.ts';
import { thisProcess } from '../ledger/process.ts';
import type { Job } from './execute.ts';
import { realClock } from './real-clock.ts';

/** Hosts whose machine another live run on this bastion holds, and the reason to turn them away with. */
export function heldByOthers(
  job: Job,
  machines: ReadonlyMap<string, string | undefined>,
  warn: (message: string) => void,
): ReadonlyMap<string, string> {
  const keys = [...machines.values()].filter((machine) => machine !== undefined);
  const { refused, takenOver } = job.holds.acquire(keys, ownerOf(job.folder, job.plan.playbook, realClock.now()));
  const owners = new Map<string | undefined, Refusal>(refused.map((refusal) => [refusal.key, refusal]));
  const dead = new Map<string | undefined, HoldOwner>(takenOver.map(({ key, owner }) => [key, owner]));
  for (const message of inheritances(machines, dead, job.folder)) warn(message);
  const reasons = [...machines].flatMap(([host, machine]): [string, string][] => {
    const refusal = owners.get(machine);
    return refusal === undefined ? [] : [[host, holderText(refusal)]];
  });
  return new Map(reasons);
}

function holderText({ owner, seen }: Refusal): string {
  return `run ${owner.run} of ${owner.user} (pid ${owner.pid}) has held it since ${owner.since} (last sign of life ${seen})`;
}

/** Another run died on these hosts: what it left half done there is not this run's to know. */
function inheritances(
  machines: ReadonlyMap<string, string | undefined>,
  dead: ReadonlyMap<string | undefined, HoldOwner>,
  { id }: RunFolder,
): readonly string[] {
  const taken = [...machines].flatMap(([host, machine]) => {
    const owner = dead.get(machine);
    return owner === undefined || owner.run === id ? [] : [{ host, owner }];
  });
  return [...groupBy(taken, ({ owner }) => owner.run)].map(([run, its]) => {
    const [died] = its.map(
      ({ owner: { user, pid, since } }) => `run ${run} of ${user} (pid ${pid}, since ${since}) died`,
    );
    return `${died} holding ${foldHosts(its.map(({ host }) => host))}, which this run takes over: what it left begun there is known only to \`rollgate status ${run}\``;
  });
}

/** What stands for a run itself among the holds. */
export function runKey(folder: RunFolder): string {
  return `run ${folder.path}`;
}

/** One writer for a journal: holds the run, or says who does. */
export function holdRun(holds: Holds, folder: RunFolder, now: Date): string | undefined {
  const [refusal] = holds.acquire([runKey(folder)], ownerOf(folder, '', now)).refused;
  return refusal === undefined
    ? undefined
    : `run ${folder.id} is under way: ${refusal.owner.user} runs it (pid ${refusal.owner.pid}) since ${refusal.owner.since} (last sign of life ${refusal.seen})`;
}

function ownerOf(folder: RunFolder, playbook: string, now: Date): HoldOwner {
  return { ...thisProcess(), run: folder.id, user: userInfo().username, since: now.toISOString(), playbook };
}

/** How often a run gives a sign of life. Milliseconds. */
const PULSE_MS = 15_000;

/** Gives signs of life until the returned function is called. */
export function keepBeating(holds: Holds, warn: (message: string) => void): () => void {
  const beating = setInterval(() => beat(holds, warn), PULSE_MS);
  return () => clearInterval(beating);
}

function beat(holds: Holds, warn: (message: string) => void): void {
  try {
    holds.beat(realClock.now());
  } catch (error) {
    warn(
      `the holds of this run have been taken away, so another run may come to its hosts: ${(error as Error).message}`,
    );
  }
}
