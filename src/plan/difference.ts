import { canonicalJson } from './digest.ts';
import type { Plan, PlannedTask } from './plan.ts';

/** A step that came to its end as it should, or may have: what it was must not mean something else afterwards. */
export interface Kept {
  readonly playNumber: number;
  readonly batch: number;
  readonly host: string;
  readonly taskId: string;
}

/** What another plan would do differently: one line for each task, and one for each host. */
export function differences(before: Plan, after: Plan): readonly string[] {
  return [...taskDifferences(before, after), ...hostDifferences(before, after)];
}

/** Why a run that has begun by one plan cannot go on by another: steps that would mean something else, hosts that moved. */
export function contradictions(before: Plan, after: Plan, kept: readonly Kept[]): readonly string[] {
  const [was, is, places] = [tasksOf(before), tasksOf(after), placesOf(after)];
  const found = kept.flatMap(({ playNumber, batch, host, taskId }): string[] => {
    const task = was.get(taskId);
    const now = is.get(taskId);
    if (task !== undefined && (now === undefined || meaningOf(task) !== meaningOf(now)))
      return [
        `${taskId} ("${task.name}") has been done and would be ${now === undefined ? 'gone' : `"${now.name}", or the same with other parameters`}`,
      ];
    return places.has(`${playNumber}/${batch}/${host}`)
      ? []
      : [`${host} has begun in batch ${batch} of play ${playNumber} and would not be in it any more`];
  });
  return [...new Set(found)];
}

function taskDifferences(before: Plan, after: Plan): readonly string[] {
  const [was, is] = [tasksOf(before), tasksOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((id) => {
    const [old, now] = [was.get(id), is.get(id)];
    if (old === undefined) return [`+ ${id} "${now?.name}" (${now?.at})`];
    if (now === undefined) return [`- ${id} "${old.name}"`];
    return meaningOf(old) === meaningOf(now) ? [] : [`~ ${id} "${old.name}" becomes "${now.name}" (${now.at})`];
  });
}

function hostDifferences(before: Plan, after: Plan): readonly string[] {
  const [was, is] = [placesOf(before), placesOf(after)];
  const gone = [...was].filter((place) => !is.has(place)).map((place) => `- ${asText(place)}`);
  const added = [...is].filter((place) => !was.has(place)).map((place) => `+ ${asText(place)}`);
  return [...gone, ...added];
}

function tasksOf({ plays }: Plan): ReadonlyMap<string, PlannedTask> {
  return new Map(plays.flatMap((play) => play.tasks.map((task) => [task.id, task] as const)));
}

/** `play/batch/host`: the host's name comes last, for it may hold anything. */
function placesOf({ plays }: Plan): ReadonlySet<string> {
  return new Set(
    plays.flatMap((play) =>
      play.batches.flatMap((batch) => batch.hosts.map((host) => `${play.number}/${batch.number}/${host}`)),
    ),
  );
}

function asText(place: string): string {
  const [play, batch, ...host] = place.split('/');
  return `${host.join('/')} in batch ${batch} of play ${play}`;
}

/** All but where it is written. */
function meaningOf({ at: _, ...task }: PlannedTask): string {
  return canonicalJson(task);
}
