import type { Plan } from '../plan/plan.ts';
import { standings } from './derived.ts';
import { lostIn } from './lost.ts';
import type { Progress, StepProgress } from './progress.ts';
import { wouldChange } from './undone.ts';

/** What a run can end with; when several hold, the first in the order 5, 1, 130, 4, 2, 3, 20, 0. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 20 | 130;

/** What the journal does not say. */
export interface Circumstances {
  /** Ctrl-C or SIGTERM came. */
  readonly interrupted: boolean;
  /** rollgate or its machine is at fault: a bug, a full disk. */
  readonly fault: boolean;
  /** A dry run says by its exit code whether anything would change. */
  readonly isDetailed?: boolean;
}

/** The exit code, and the reason in words, for `run_finished`. */
export function exitCodeOf(
  progress: Progress,
  plan: Pick<Plan, 'plays'>,
  circumstances: Circumstances,
): { readonly exitCode: ExitCode; readonly reason: string } {
  const found = REASONS.find(({ holds }) => holds(progress, circumstances, plan));
  return found === undefined
    ? { exitCode: 0, reason: progress.run?.check === true ? 'nothing was done' : 'all done' }
    : { exitCode: found.exitCode, reason: found.reason };
}

interface Reason {
  readonly exitCode: ExitCode;
  readonly reason: string;
  readonly holds: (progress: Progress, circumstances: Circumstances, plan: Pick<Plan, 'plays'>) => boolean;
}

const REASONS: readonly Reason[] = [
  { exitCode: 5, reason: 'something that the procedure promises to keep was lost', holds: hasLost },
  { exitCode: 1, reason: 'a fault of rollgate or of its machine', holds: (_, { fault }) => fault },
  { exitCode: 130, reason: 'interrupted', holds: wasInterrupted },
  { exitCode: 4, reason: 'some hosts could not be reached', holds: (progress) => hasFailures(progress, 'unreachable') },
  { exitCode: 2, reason: 'some hosts failed', holds: (progress) => hasFailures(progress, 'failed') },
  { exitCode: 3, reason: 'nothing failed, but some hosts were turned away', holds: hasRefused },
  { exitCode: 3, reason: 'nothing failed, but not everything was done', holds: isIncomplete },
  {
    exitCode: 20,
    reason: 'something would change',
    holds: (progress, { isDetailed }) => isDetailed === true && wouldChange(progress),
  },
];

/** A step says what was lost in its result's `lost`, whether or not its failure was ignored: nothing hides a loss. */
function hasLost(progress: Progress): boolean {
  // A dry run compares what it found with itself: whatever is missing, nobody lost it.
  if (progress.run?.check === true) return false;
  if (progress.lostBefore.length > 0) return true;
  return some(progress.steps.values(), (step) => {
    return step.status !== 'started' && lostIn(step.result).length > 0;
  });
}

function wasInterrupted(progress: Progress, { interrupted }: Circumstances): boolean {
  return interrupted || progress.stops.some((stop) => stop.why === 'interrupted');
}

function hasFailures(progress: Progress, status: StepProgress['status']): boolean {
  return some(progress.hosts.values(), (host) =>
    some(host.failures, (key) => progress.steps.get(key)?.status === status),
  );
}

function hasRefused(progress: Progress): boolean {
  return some(progress.hosts.values(), (host) => host.refused !== undefined || host.counts.refused > 0);
}

function isIncomplete(progress: Progress, _: Circumstances, plan: Pick<Plan, 'plays'>): boolean {
  const begun = some(progress.hosts.values(), (host) => host.started.size > 0);
  const open = some(standings(progress, plan).values(), (came) => came === 'unfinished' || came === 'not_started');
  // Where the cutoff came and every host was under way already, nothing was left undone.
  const stopped = progress.stops.some(({ why }) => why !== 'cutoff') || progress.paused?.type === 'run_aborted';
  return stopped || begun || open;
}

function some<T>(values: Iterable<T>, holds: (value: T) => boolean): boolean {
  for (const value of values) if (holds(value)) return true;
  return false;
}
