import type { Stamped, StepAddress } from '../journal/event.ts';
import { isOrderOfHost } from '../journal/orders.ts';
import type { Plan, PlannedPlay } from '../plan/plan.ts';
import { type PlaceOf, plannedOrder } from './planned-order.ts';

/** A step of which plan and journal do not say the same. */
export interface Departure {
  readonly host: string;
  readonly playNumber: number;
  readonly taskId: string;
  readonly task: string;
  readonly what: string;
}

interface Expected {
  readonly placeOf: PlaceOf;
  /** By host, the number of its batch. */
  readonly batches: ReadonlyMap<string, number>;
}

/** Steps that were begun and that the plan does not have, or not there. A resume or an order lets a host begin anew. */
export function departures(plan: Plan, past: Iterable<Stamped>): readonly Departure[] {
  const plays = new Map(plan.plays.map((play) => [play.number, expected(play)]));
  const reached = new Map<string, number>();
  const found: Departure[] = [];
  for (const event of past) {
    if (event.type === 'run_resumed') reached.clear();
    if (isOrderOfHost(event)) reached.delete(hostKey(event));
    if (event.type !== 'step_started') continue;
    const what = departure(event, plays.get(event.playNumber), reached);
    const { host, playNumber, taskId, task } = event;
    if (what !== undefined) found.push({ host, playNumber, taskId, task, what });
  }
  return found;
}

function expected(play: PlannedPlay): Expected {
  const batches = play.batches.flatMap(({ number, hosts }) => hosts.map((host) => [host, number] as const));
  return { placeOf: plannedOrder(play), batches: new Map(batches) };
}

function departure(step: StepAddress, play: Expected | undefined, reached: Map<string, number>): string | undefined {
  const place = play?.placeOf(step);
  if (place === undefined) return 'was done, and does not stand in the plan';
  if (play?.batches.get(step.host) !== step.batch)
    return `was done in batch ${step.batch}, where the plan does not have the host`;
  const before = reached.get(hostKey(step)) ?? -1;
  reached.set(hostKey(step), place);
  return place > before ? undefined : 'was done after one that the plan has later';
}

function hostKey({ playNumber, host }: { readonly playNumber: number; readonly host: string }): string {
  return `${playNumber}/${host}`;
}
