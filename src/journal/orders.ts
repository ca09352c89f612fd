import type { ValueMap } from '../source/value.ts';
import type { Actor, HostOrder, Order, RunEvent, Stamped } from './event.ts';

type StepFinished = Extract<RunEvent, { type: 'step_finished' }>;

/** `ada@bastion (pts/3)`. */
export function actorText({ user, bastion, terminal }: Actor): string {
  return `${user}@${bastion}${terminal === undefined ? '' : ` (${terminal})`}`;
}

const ORDERS: ReadonlySet<string> = new Set<Order['type']>([
  'run_paused',
  'run_continued',
  'run_aborted',
  'host_forced',
  'host_restarted',
  'host_skipped',
  'host_retried',
]);

export function isOrder(event: Stamped): event is Stamped<Order> {
  return ORDERS.has(event.type);
}

export function isOrderOfHost(event: RunEvent): event is HostOrder {
  return 'host' in event && ORDERS.has(event.type);
}

/** Who said it and why: `by ada@bastion (pts/3): the disk is being replaced`. */
export function saidBy({ by, reason }: Pick<Order, 'by' | 'reason'>): string {
  return by === undefined ? `by the plan: ${reason}` : `by ${actorText(by)}: ${reason}`;
}

/** An order in words, without who gave it. */
export function orderText(order: Order): string {
  switch (order.type) {
    case 'run_paused':
      return 'paused';
    case 'run_continued':
      return 'continued';
    case 'run_aborted':
      return 'aborted';
    case 'host_forced':
      return `${subject(order)} taken as complete`;
    case 'host_restarted':
      return `${subject(order)} begun again`;
    case 'host_skipped':
      return `${subject(order)} left out`;
    case 'host_retried':
      return `${subject(order)} tried again where it failed`;
  }
}

function subject({ host, task, taskId }: HostOrder): string {
  return task === undefined ? host : `${host}: "${task}" (${taskId})`;
}

/** The end that an operator's word gives to a step, so that whoever folds events need not know of orders. */
export function forcedStep(order: HostOrder): StepFinished | undefined {
  const { type, play, playNumber, batch, host, task, taskId } = order;
  if (type !== 'host_forced' || task === undefined || taskId === undefined) return undefined;
  const result: ValueMap = { changed: false, failed: false, forced: true, msg: `taken as complete ${saidBy(order)}` };
  const address = { play, playNumber, batch, host, task, taskId };
  const plain = { ignored: false, rescued: false, noLog: false, notified: [], ms: 0 };
  return { type: 'step_finished', ...address, status: 'ok', ...plain, result };
}
