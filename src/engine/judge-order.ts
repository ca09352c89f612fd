import type { Actor, HostOrder, Order } from '../journal/event.ts';
import { saidBy } from '../journal/orders.ts';
import type { FinishedStep, Progress, StepProgress } from '../journal/progress.ts';
import type { Plan, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import { didYouMean } from '../source/nearest.ts';

/** What somebody asks for, in the words of the command line. */
export interface OrderRequest {
  readonly verb: 'pause' | 'continue' | 'abort' | 'force' | 'restart' | 'skip';
  readonly host?: string;
  /** A task's id in the plan, or its name. */
  readonly task?: string;
  readonly reason: string;
  readonly by: Actor;
}

export type JudgedOrder =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly reason: string };

const ORDERS = { force: 'host_forced', restart: 'host_restarted', skip: 'host_skipped' } as const;

type Given = Omit<OrderRequest, 'verb'> & { readonly verb: keyof typeof ORDERS; readonly host: string };

/** No, and why. */
class Refused extends Error {}

/**
 * Whether what is asked for may be done, going by the plan and by what has happened. `isUnderWay`: a process runs it, and
 * cannot go back to a play that it has left.
 */
export function judgeOrder(
  request: OrderRequest,
  plan: Pick<Plan, 'plays'>,
  progress: Progress,
  isUnderWay: boolean,
): JudgedOrder {
  try {
    return { ok: true, order: orderOf(request, plan, progress, isUnderWay) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, reason: error.message };
    throw error;
  }
}

function orderOf(request: OrderRequest, plan: Pick<Plan, 'plays'>, progress: Progress, isUnderWay: boolean): Order {
  const { verb, host, reason, by } = request;
  if (reason.trim() === '') throw new Refused('an order needs a reason: whoever comes next will want to know it');
  switch (verb) {
    case 'pause':
    case 'abort':
      return stopOrder(verb === 'pause' ? 'run_paused' : 'run_aborted', request, progress);
    case 'continue':
      if (progress.paused === undefined)
        throw new Refused('the run is not paused; `rollgate explain` says what it waits for');
      return { type: 'run_continued', reason, by };
    case 'force':
    case 'restart':
    case 'skip':
      if (host === undefined) throw new Refused(`${verb} needs a host`);
      return hostOrder({ ...request, verb, host }, plan, progress, isUnderWay);
  }
}

function stopOrder(
  type: 'run_paused' | 'run_aborted',
  { reason, by }: OrderRequest,
  { paused, finished }: Progress,
): Order {
  if (finished?.exitCode === 0)
    throw new Refused('the run came to its end with everything done: there is nothing to stop');
  if (paused !== undefined && (paused.type === 'run_aborted' || type === 'run_paused'))
    throw new Refused(
      `the run has been ${paused.type === 'run_paused' ? 'paused' : 'aborted'} since ${paused.at} ${saidBy(paused)}`,
    );
  return { type, reason, by };
}

function hostOrder(request: Given, plan: Pick<Plan, 'plays'>, progress: Progress, isUnderWay: boolean): HostOrder {
  const { verb, host, reason, by } = request;
  const play = playOf(host, plan, progress);
  refuseInWindow(host, verb, progress);
  const latest = Math.max(0, ...progress.plays.keys());
  if (isUnderWay && play.number < latest)
    throw new Refused(
      `${host} stopped in play ${play.number} ("${play.name}"), which this run has left: abort it, say it again, then continue and resume`,
    );
  const task = request.task === undefined ? undefined : taskOf(request.task, host, play, progress);
  const vain = reasonItIsVain(verb, host, play, task, progress);
  if (vain !== undefined) throw new Refused(vain);
  return {
    type: ORDERS[verb],
    play: play.name,
    playNumber: play.number,
    batch: batchOf(play, host)?.number ?? 1,
    host,
    ...(task === undefined ? {} : { task: task.name, taskId: task.id }),
    reason,
    by,
  };
}

function refuseInWindow(host: string, verb: string, { openWindows }: Progress): void {
  const open = openWindows.get(host);
  if (open !== undefined)
    throw new Refused(
      `${host} has been in window "${open.window}" since ${open.since}: nothing stops it there, and nothing stands in for what it has to do; ${verb} it when the window is closed`,
    );
}

/** Where the host came to grief, else where it is or will be. */
function playOf(host: string, { plays }: Pick<Plan, 'plays'>, progress: Progress): PlannedPlay {
  const its = plays.filter((play) => batchOf(play, host) !== undefined);
  const [first] = its;
  if (first === undefined) {
    const known = new Set(plays.flatMap((play) => play.batches.flatMap((batch) => batch.hosts)));
    throw new Refused(`"${host}" is no host of this run${didYouMean(host, known)}`);
  }
  const failures = [...(progress.hosts.get(host)?.failures ?? [])];
  const failedIn = failures.map((key) => progress.steps.get(key)?.playNumber);
  return (
    its.find(({ number }) => failedIn.includes(number)) ??
    its.findLast(({ number }) => progress.plays.has(number)) ??
    first
  );
}

function batchOf(play: PlannedPlay, host: string) {
  return play.batches.find(({ hosts }) => hosts.includes(host));
}

/** A task by its id, or by a name that means one and the same thing wherever it stands. */
function taskOf(given: string, host: string, play: PlannedPlay, progress: Progress): PlannedTask {
  const named = new Set(play.tasks.filter(({ name }) => name === given).map(({ id }) => id));
  for (const step of stepsOn(host, play, progress)) if (step.task === given) named.add(step.taskId);
  const candidates = play.tasks.filter(({ id }) => id === given || named.has(id));
  const [task, ...others] = candidates;
  if (task === undefined) {
    const known = play.tasks.flatMap(({ id, name }) => [id, name]);
    throw new Refused(`"${given}" is no task of play ${play.number} ("${play.name}")${didYouMean(given, known)}`);
  }
  if (others.length > 0)
    throw new Refused(`"${given}" may mean ${candidates.map(described).join(', or ')}: say its id`);
  return refusedUnlessWhole(task);
}

function described({ id, name, at }: PlannedTask): string {
  return `${id} ("${name}", ${at})`;
}

function refusedUnlessWhole(task: PlannedTask): PlannedTask {
  const window = task.blocks.find((block) => block.window !== undefined)?.window;
  if (window !== undefined)
    throw new Refused(
      `${described(task)} stands in window "${window.name}", which is done whole or not at all: leave the task out, and the order is for the host`,
    );
  if (task.section === 'handlers')
    throw new Refused(
      `${described(task)} is a handler, which runs when it is notified: name the task that notifies it, or only the host`,
    );
  return task;
}

/** What would change nothing is a misunderstanding: why it would. */
function reasonItIsVain(
  verb: Given['verb'],
  host: string,
  play: PlannedPlay,
  task: PlannedTask | undefined,
  progress: Progress,
): string | undefined {
  const known = progress.hosts.get(host);
  const steps = stepsOn(host, play, progress).filter(({ taskId }) => task === undefined || taskId === task.id);
  const last = steps.at(-1);
  switch (verb) {
    case 'skip':
      return known?.refused?.startsWith('skipped ') === true ? `${host} was ${known.refused}` : undefined;
    case 'force':
      if (task !== undefined)
        return last !== undefined && isDone(last)
          ? `${described(task)} is done on ${host} already (${last.status})`
          : undefined;
      return known?.endedPlays.has(play.number) === true
        ? `${host} has nothing more to do in play ${play.number} ("${play.name}")`
        : undefined;
    case 'restart':
      if (last !== undefined || (task === undefined && known !== undefined)) return undefined;
      return `${task === undefined ? host : `${described(task)} on ${host}`} has not been begun: there is nothing to do again`;
  }
}

function isDone(step: StepProgress): step is FinishedStep {
  return step.status === 'ok' || step.status === 'changed' || step.status === 'skipped';
}

function stepsOn(host: string, play: PlannedPlay, { steps }: Progress): readonly StepProgress[] {
  return [...steps.values()].filter((step) => step.host === host && step.playNumber === play.number);
}
