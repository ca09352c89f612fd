import type { RunEvent } from '../journal/event.ts';
import type { Batch, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import { handlersOf, type Node, treeOf } from '../plan/tree.ts';
import type { Ending, History } from './walk.ts';

export type StepFinished = Extract<RunEvent, { type: 'step_finished' }>;

/** What has happened on the hosts of one play, folded from its finished steps: live and at resume by the same fold. */
export class PlayHistory {
  readonly tree: readonly Node[];
  readonly #handlers: readonly PlannedTask[];
  readonly #tasks: ReadonlyMap<string, PlannedTask>;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #batches: ReadonlyMap<string, Batch>;
  readonly #hosts = new Map<string, HostPast>();
  /** Tasks that ran once for a whole batch: `batch/taskId`. */
  readonly #shared = new Map<string, Ending>();
  /** Batches that `meta` ended. */
  readonly #ended = new Set<number>();
  #playEnded = false;

  constructor(play: PlannedPlay) {
    this.tree = treeOf(play);
    this.#handlers = handlersOf(play);
    this.#tasks = new Map(play.tasks.map((task) => [task.id, task]));
    this.#positions = positionsIn(this.tree);
    this.#batches = new Map(play.batches.flatMap((batch) => batch.hosts.map((host) => [host, batch])));
  }

  apply(event: StepFinished): void {
    const task = this.#tasks.get(event.taskId);
    if (task === undefined) return;
    const past = this.#past(event.host);
    const ending = endingOf(event);
    for (const name of event.notified) {
      for (const handler of this.#handlers.filter(({ id }) => id === name)) past.waiting.add(handler.id);
    }
    if (event.flushedAt !== undefined) {
      this.#applyHandler(task, event, event.flushedAt, ending);
      return;
    }
    if (ending === 'ended' && endsBatch(event)) this.#ended.add(event.batch);
    if (event.result.ends === 'play') this.#playEnded = true;
    past.endings.set(task.id, ending);
    past.furthest = Math.max(past.furthest, this.#positions.get(task.id) ?? 0);
    if (runsOnce(task)) this.#shared.set(`${event.batch}/${task.id}`, ending);
  }

  /** A handler that runs once runs for all that were notified, and fails for all of them. */
  #applyHandler(task: PlannedTask, event: StepFinished, position: number, ending: Ending): void {
    const others = runsOnce(task) ? (this.#batches.get(event.host)?.hosts ?? []) : [];
    const notified = others.filter((host) => host !== event.host && this.#past(host).waiting.has(task.id));
    for (const host of [event.host, ...notified]) {
      const past = this.#past(host);
      past.waiting.delete(task.id);
      past.flushed.set(position, Math.max(past.flushed.get(position) ?? -1, this.#handlers.indexOf(task)));
      if (ending === 'failed' || ending === 'unreachable') past.failedHandlers.set(position, { task, ending });
    }
  }

  /** The past of one host, as the walk asks for it. */
  of(host: string): History {
    const past = this.#past(host);
    const batch = this.#batches.get(host)?.number ?? 0;
    return {
      isOver: this.#ended.has(batch),
      ending: (task) => past.endings.get(task.id) ?? this.#shared.get(`${batch}/${task.id}`),
      nextHandler: (position) => (past.furthest > position ? undefined : this.#nextHandler(past, position)),
      failedHandler: (position) => past.failedHandlers.get(position),
    };
  }

  /** Whether anything is recorded of a host in this play. */
  hasBegun(host: string): boolean {
    return this.#hosts.has(host);
  }

  /** The ids of the handlers that a notification names. */
  handlersNamed(name: string): readonly string[] {
    return this.#handlers
      .filter((handler) => handler.name === name || handler.listen.includes(name))
      .map(({ id }) => id);
  }

  /** The task of an id in this play. */
  task(id: string): PlannedTask | undefined {
    return this.#tasks.get(id);
  }

  /** Where a step stands among all of the play's: handlers one after the other before what follows their flush. */
  placeOf({ task, position, flushedAt }: { task: PlannedTask; position: number; flushedAt?: number }): number {
    if (flushedAt === undefined) return position;
    return flushedAt - 1 + (this.#handlers.indexOf(task) + 1) / (this.#handlers.length + 1);
  }

  /** The task that stands at a position, if it is one that is walked. */
  taskAt(position: number): PlannedTask | undefined {
    const found = [...this.#positions].find(([, its]) => its === position);
    return found === undefined ? undefined : this.#tasks.get(found[0]);
  }

  /** `meta: end_play` was met. */
  get hasEnded(): boolean {
    return this.#playEnded;
  }

  /** One flush goes through the handlers once: what one of them notifies that stands before it waits for the next flush. */
  #nextHandler(past: HostPast, position: number): PlannedTask | undefined {
    const done = past.flushed.get(position) ?? -1;
    return this.#handlers.find((handler, index) => index > done && past.waiting.has(handler.id));
  }

  #past(host: string): HostPast {
    let past = this.#hosts.get(host);
    if (past === undefined) {
      past = { endings: new Map(), waiting: new Set(), flushed: new Map(), failedHandlers: new Map(), furthest: -1 };
      this.#hosts.set(host, past);
    }
    return past;
  }
}

interface HostPast {
  readonly endings: Map<string, Ending>;
  /** Ids of handlers that were notified and have not run since. */
  readonly waiting: Set<string>;
  /** By position: the last handler that ran there, as its place among the handlers. */
  readonly flushed: Map<number, number>;
  readonly failedHandlers: Map<number, { task: PlannedTask; ending: 'failed' | 'unreachable' }>;
  /** The furthest position that was recorded, -1 for none. */
  furthest: number;
}

function endingOf(event: StepFinished): Ending {
  if (event.result.ends !== undefined) return 'ended';
  if (event.ignored) return 'passed';
  if (event.status === 'failed') return 'failed';
  if (event.status === 'unreachable') return 'unreachable';
  return 'passed';
}

function endsBatch(event: StepFinished): boolean {
  return event.result.ends === 'batch' || event.result.ends === 'play';
}

/** One run for the whole batch: said so, or by its nature. */
export function runsOnce(task: PlannedTask): boolean {
  if (task.action === 'pause') return true;
  if (task.action === 'meta')
    return Object.values(task.params).some((value) => value === 'end_batch' || value === 'end_play');
  return task.runOnce === true;
}

function positionsIn(nodes: readonly Node[]): Map<string, number> {
  const positions = new Map<string, number>();
  const enter = (node: Node) => {
    if (node.kind === 'task') positions.set(node.task.id, node.position);
    if (node.kind === 'block')
      for (const part of [node.block, node.rescue, node.always, node.mustFinish]) part.forEach(enter);
  };
  nodes.forEach(enter);
  return positions;
}
