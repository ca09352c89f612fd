import { type Approved, groundsIn } from '../engine/as-approved.ts';
import { groupBy } from '../inventory/fold.ts';
import { standings } from '../journal/derived.ts';
import type { FinishedStep, Progress } from '../journal/progress.ts';
import { leavesUndone } from '../journal/undone.ts';
import type { Plan } from '../plan/plan.ts';
import { finishedReason, outcomeOf } from '../report/host-log-text.ts';
import { reasonOf } from '../report/reason.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import type { Finding, Observed, ObservedGroup, ObservedHost } from './observed.ts';

/** What a dry run found, host by host, for those who approve the plan. */
export function observedIn(progress: Progress, plan: Plan, from: string, until: string): Observed {
  const steps = groupBy([...progress.steps.values()].filter(isFinished), ({ host }) => host);
  const groups = new Map<string, ObservedGroup>();
  for (const [host, standing] of standings(progress, plan)) {
    const found = hostFound(standing, steps.get(host) ?? [], progress.hosts.get(host)?.refused);
    const key = JSON.stringify(found);
    groups.set(key, { ...found, hosts: [...(groups.get(key)?.hosts ?? []), host] });
  }
  return {
    from,
    until,
    groups: outliersFirst([...groups.values()]),
    approved: approvedIn(steps, plan),
  };
}

/** First those with whom few have in common what they come to, then those that are like few. */
function outliersFirst(groups: readonly ObservedGroup[]): readonly ObservedGroup[] {
  const common = new Map<string, number>();
  for (const { standing, hosts } of groups) common.set(standing, (common.get(standing) ?? 0) + hosts.length);
  const inCommon = ({ standing }: ObservedGroup) => common.get(standing) ?? 0;
  return [...groups].sort((a, b) => inCommon(a) - inCommon(b) || a.hosts.length - b.hosts.length);
}

/** What was seen of each host before anything would change on it: afterwards the run itself makes it another. */
function approvedIn(steps: ReadonlyMap<string, readonly FinishedStep[]>, plan: Plan): Approved {
  const actions = new Map(plan.plays.flatMap(({ tasks }) => tasks.map(({ id, action }) => [id, action])));
  const seenOf = (all: readonly FinishedStep[]) => {
    const undone = all.findIndex(({ result }) => leavesUndone(result));
    return all.slice(0, undone === -1 ? undefined : undone).flatMap(({ taskId, noLog, result }) => {
      const grounds = noLog ? undefined : groundsIn(actions.get(taskId) ?? '', result);
      return grounds === undefined ? [] : [[taskId, grounds] as const];
    });
  };
  const seen = [...steps].map(([host, all]) => [host, seenOf(all)] as const);
  return Object.fromEntries(seen.filter(([, of]) => of.length > 0).map(([host, of]) => [host, Object.fromEntries(of)]));
}

function isFinished(step: { readonly status: string }): step is FinishedStep {
  return step.status !== 'started';
}

function hostFound(standing: string, steps: readonly FinishedStep[], refused: string | undefined): ObservedHost {
  const willDie = steps.filter(({ noLog }) => !noLog).flatMap(({ result }) => dyingIn(result));
  const turnedAway: readonly Finding[] =
    refused === undefined
      ? []
      : [{ task: 'The host', taskId: '', outcome: 'refused', why: refused, commands: [], askedAgain: false }];
  const undone = steps.findIndex(({ result }) => leavesUndone(result));
  return {
    standing: standingText(standing, steps),
    willDie: [...new Set(willDie)],
    findings: [...turnedAway, ...steps.map((step, index) => findingOf(step, index > undone && undone !== -1))],
  };
}

function standingText(standing: string, steps: readonly FinishedStep[]): string {
  if (standing !== 'ok' && standing !== 'changed') return standing.replace('_', ' ');
  return steps.some(({ result }) => leavesUndone(result)) ? 'would be changed' : 'is so already';
}

function findingOf(step: FinishedStep, askedAgain: boolean): Finding {
  const { task, taskId, noLog, result } = step;
  const said = noLog ? '' : finishedReason(step) || (typeof result.msg === 'string' ? reasonOf(result) : '');
  // What only keeps here what was seen is no command to the host.
  const isToBeSent = leavesUndone(result) || result.reads === true;
  const commands = isList(result.commands) && !noLog && isToBeSent ? result.commands.map(String) : [];
  return { task, taskId, outcome: outcomeOf(step), why: said, commands, askedAgain };
}

/** Executors as the preflight and the capture register them. */
function dyingIn({ will_die: told, executors }: ValueMap): readonly string[] {
  const found = isList(told) ? told : isList(executors) ? executors.filter(dies) : [];
  return found.filter(isMap).map(nameOf);
}

function dies(executor: Value): boolean {
  return isMap(executor) && executor.checkpoint === false && executor.http !== true;
}

function nameOf({ id, pid, tasks }: ValueMap): string {
  const names = isList(tasks) ? tasks.filter(isMap).map(({ name }) => `"${name}"`) : [];
  return `${names.length === 0 ? '' : `${names.join(', ')} of `}executor "${id}" (pid ${pid})`;
}
