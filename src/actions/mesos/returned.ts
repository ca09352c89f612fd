import { duration } from '../../source/duration.ts';
import { aligned } from './comparison-table.ts';
import type { MasterTask } from './master-tasks.ts';

/** What is needed of a lost task to know its successor by. */
export interface LostTask {
  readonly task_id: string;
  readonly name: string;
  readonly framework: string;
  /** When it was still there. */
  readonly last_seen: string;
}

/** `back`: its successor, or that there is none; absent where no master told. */
export interface Awaited extends LostTask {
  readonly back?: Successor | null;
}

interface Successor {
  readonly task_id: string;
  readonly agent: string;
  /** Between the time at which the lost one was seen last and the start of this one. */
  readonly after_seconds: number;
}

/**
 * The successor of each lost task: schedulers give it another id and the same name. Two lost tasks need two of them, and
 * who ran before, as others of that name may, is none.
 */
export function successors(
  lost: readonly LostTask[],
  tasks: readonly MasterTask[],
): readonly (MasterTask | undefined)[] {
  const free = new Set(tasks.filter(({ state }) => state === 'TASK_RUNNING').toSorted(byBeginning));
  return lost.map((each) => {
    const found = [...free].find((task) => succeeds(task, each));
    if (found !== undefined) free.delete(found);
    return found;
  });
}

function byBeginning(a: MasterTask, b: MasterTask): number {
  return (a.sinceMs ?? 0) - (b.sinceMs ?? 0);
}

function succeeds({ name, framework, sinceMs = 0 }: MasterTask, lost: LostTask): boolean {
  return name === lost.name && framework === lost.framework && sinceMs > Date.parse(lost.last_seen);
}

export function whatBecameOf(lost: readonly LostTask[], tasks: readonly MasterTask[]): readonly Awaited[] {
  const found = successors(lost, tasks);
  return lost.map((each, index) => ({ ...each, back: successorOf(each, found[index]) }));
}

function successorOf({ last_seen }: LostTask, task: MasterTask | undefined): Successor | null {
  if (task === undefined) return null;
  const { id, agent, sinceMs = 0 } = task;
  return { task_id: id, agent, after_seconds: Math.round((sinceMs - Date.parse(last_seen)) / 1000) };
}

export function wordsFor(awaited: readonly Awaited[], waitedMs: number): readonly string[] {
  if (awaited.length === 0) return ['there is no task to wait for'];
  const told = awaited.filter(({ back }) => back !== undefined);
  const back = told.filter((task) => task.back !== null);
  return [
    ...told.flatMap((task) => (task.back === null ? [`"${task.name}" is not back after ${duration(waitedMs)}`] : [])),
    ...(told.length === 0 ? [] : [`${back.length} of ${told.length} are back`]),
    ...back.map((task) => `"${task.name}" is back ${successorWords(task)}`),
  ];
}

/** For the host's log. */
export function tableOf(awaited: readonly Awaited[]): readonly string[] {
  if (awaited.length === 0) return [];
  const rows = awaited.map((task) => [`"${task.name}"`, task.task_id, successorWords(task)]);
  return aligned([['task', 'lost', 'back'], ...rows]);
}

function successorWords({ back }: Awaited): string {
  if (back === undefined) return 'not known';
  return back === null ? 'no' : `as ${back.task_id} on ${back.agent} after ${duration(back.after_seconds * 1000)}`;
}
