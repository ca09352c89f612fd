import { groupBy } from '../inventory/fold.ts';
import { type Standing, standings } from '../journal/derived.ts';
import type { Stamped } from '../journal/event.ts';
import { type Progress, replay } from '../journal/progress.ts';
import type { Plan, PlannedTask } from '../plan/plan.ts';
import { type RunStatus, type StatusOptions, statusOf } from '../report/status.ts';
import type { Span } from '../review/timeline.ts';
import { type Departure, departures } from './departures.ts';
import { type Comparison, comparisonsIn, type Remedy, remediesIn } from './found.ts';
import { spansIn, type WindowSpan } from './spans.ts';
import { type StepAccount, stepsOfPlay } from './steps.ts';

/** A run, what was planned of it beside what happened: a value, to be printed for people and programs. */
export interface Account {
  readonly version: 1;
  readonly plan: string;
  /** Digest of what the hosts had said when the plan was approved; absent: they had not been asked. */
  readonly observed?: string;
  readonly rollgate: string;
  /** Where it stands, or what it came to; whom it lost, who gave orders. */
  readonly status: RunStatus;
  /** When it was under way, and by whose hand. */
  readonly legs: readonly Leg[];
  readonly pauses: readonly Span[];
  readonly hosts: readonly HostAccount[];
  readonly plays: readonly PlayAccount[];
  readonly departures: readonly Departure[];
  readonly remedies: readonly Remedy[];
  readonly comparisons: readonly Comparison[];
  readonly warnings: Progress['warnings'];
}

export interface Leg extends Span {
  readonly operator: string;
  readonly bastion: string;
  readonly answer?: 'assume-done' | 'redo';
}

export interface HostAccount {
  readonly host: string;
  readonly standing: Standing;
  readonly steps: readonly Span[];
  readonly windows: readonly WindowSpan[];
}

export interface PlayAccount {
  readonly number: number;
  readonly name: string;
  /** How long one host was expected to take. */
  readonly estimateMs?: number;
  readonly tasks: readonly Pick<PlannedTask, 'id' | 'name' | 'action' | 'section'>[];
  readonly batches: readonly BatchAccount[];
  readonly hosts: readonly { readonly host: string; readonly batch: number; readonly steps: readonly StepAccount[] }[];
}

export interface BatchAccount {
  readonly number: number;
  readonly hosts: readonly string[];
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export function accountOf(plan: Plan, past: readonly Stamped[], options: Omit<StatusOptions, 'plan'>): Account {
  const progress = replay(past);
  const status = statusOf(progress, { ...options, plan });
  const spans = spansIn(past, status.state === 'running' ? options.now : undefined);
  const came = [...standings(progress, plan)];
  const hands = past.flatMap(handIn);
  const begun = groupBy([...progress.steps.values()], ({ playNumber }) => playNumber);
  const plays = plan.plays.map(
    (play): PlayAccount => ({
      number: play.number,
      name: play.name,
      ...(play.estimateMs === undefined ? {} : { estimateMs: play.estimateMs }),
      tasks: play.tasks.map(({ id, name, action, section }) => ({ id, name, action, section })),
      batches: play.batches.map((batch) => ({ ...batch, ...timesOf(progress, play.number, batch.number) })),
      hosts: stepsOfPlay(play, begun.get(play.number) ?? [], progress, status),
    }),
  );
  return {
    version: 1,
    plan: progress.run?.plan ?? plan.id,
    ...(progress.run?.observed === undefined ? {} : { observed: progress.run.observed }),
    rollgate: progress.run?.rollgate ?? '',
    status,
    legs: spans.legs.flatMap((span, index) => hands.slice(index, index + 1).map((hand) => ({ ...span, ...hand }))),
    pauses: spans.pauses,
    hosts: came.map(([host, standing]) => ({
      host,
      standing,
      steps: spans.steps.get(host) ?? [],
      windows: spans.windows.get(host) ?? [],
    })),
    plays,
    departures: [...departures(plan, past), ...plays.flatMap(unexplained)],
    remedies: remediesIn(past),
    comparisons: comparisonsIn(past),
    warnings: progress.warnings,
  };
}

/** What should have been done and was not, for no reason that was recorded. */
function unexplained({ number, hosts }: PlayAccount): readonly Departure[] {
  return hosts.flatMap(({ host, steps }) =>
    steps
      .filter(({ outcome, why }) => outcome === 'not_taken' && why === undefined)
      .map(({ taskId, task }) => ({
        host,
        playNumber: number,
        taskId,
        task,
        what: 'was not done, and nothing says why',
      })),
  );
}

function handIn(event: Stamped): readonly Omit<Leg, keyof Span>[] {
  if (event.type !== 'run_started' && event.type !== 'run_resumed') return [];
  const { operator, bastion } = event;
  const answer = event.type === 'run_resumed' ? event.answer : undefined;
  return [{ operator, bastion, ...(answer === undefined ? {} : { answer }) }];
}

function timesOf(progress: Progress, play: number, number: number): Pick<BatchAccount, 'startedAt' | 'finishedAt'> {
  const known = progress.plays.get(play)?.batches.get(number);
  if (known === undefined) return {};
  return { startedAt: known.startedAt, ...(known.finishedAt === undefined ? {} : { finishedAt: known.finishedAt }) };
}
