import type { HostOrder, RunEvent, StepAddress } from '../journal/event.ts';
import { forcedStep } from '../journal/orders.ts';
import type { Batch, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import { handlersOf, type Node, treeOf } from '../plan/tree.ts';
import { type Ending, type Grief, type History, whereabouts } from './walk.ts';

export type StepFinished = Extract<RunEvent, { type: 'step_finished' }>;

/** What has happened on the hosts of one play, folded from its finished steps: live and at resume by the same fold. */
export class PlayHistory {
  readonly tree: readonly Node[];
  readonly #handlers: readonly PlannedTask[];
  readonly #tasks: ReadonlyMap<string, PlannedTask>;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #batches: ReadonlyMap<string, Batch>;
  readonly #hosts = new Map<string, HostPast>();
  /** Tasks that ran once for a whole batch, by its number. */
  readonly #shared = new Map<number, Shared>();
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
    const position = this.#place(task.id);
    past.furthest = Math.max(past.furthest, position);
    if (touches(event)) past.touched.add(position);
    if (runsOnce(task)) this.#share(event, task, position);
  }

  #share(event: StepFinished, task: PlannedTask, position: number): void {
    const shared = this.#sharedIn(event.batch);
    shared.endings.set(task.id, endingOf(event));
    if (touches(event)) shared.touched.add(position);
  }

  #sharedIn(batch: number): Shared {
    let shared = this.#shared.get(batch);
    if (shared === undefined) {
      shared = { endings: new Map(), touched: new Set() };
      this.#shared.set(batch, shared);
    }
    return shared;
  }

  /** A handler that runs once runs for all that were notified, and fails for all of them. */
  #applyHandler(task: PlannedTask, event: StepFinished, position: number, ending: Ending): void {
    const others = runsOnce(task) ? (this.#batches.get(event.host)?.hosts ?? []) : [];
    const notified = others.filter((host) => host !== event.host && this.#past(host).waiting.has(task.id));
    for (const host of [event.host, ...notified]) {
      const past = this.#past(host);
      past.waiting.delete(task.id);
      past.flushed.set(position, Math.max(past.flushed.get(position) ?? -1, this.#handlers.indexOf(task)));
      if (touches(event)) past.touched.add(position);
      if (isGrief(ending)) past.failedHandlers.set(position, { task, ending });
    }
  }

  /**
   * A gate that said no is asked again. The whole block around it begins anew where it has only asked so far, since what
   * it saw may be old by now, and where it has been put right since (`always`), since its first half is undone.
   */
  askAgain(host: string, refused: PlannedTask): void {
    this.#tryAgain(host, refused, 'refused');
  }

  #tryAgain(host: string, task: PlannedTask, ending: Grief): void {
    const handlerAt = this.#handlerAt(host, task, ending);
    if (handlerAt !== undefined) this.#takeBackHandler(host, task, handlerAt);
    const standing = handlerAt === undefined ? task : this.taskAt(handlerAt);
    const from = standing === undefined ? undefined : this.#begunFrom(host, standing);
    if (from !== undefined || handlerAt === undefined) this.#forgetFrom(host, from ?? this.#place(task.id), ending);
  }

  /** As for a gate that said no; what failed once for a batch failed for all of it, and is tried again for all of it. */
  #retry(host: string): void {
    const failed = this.#failureOf(host);
    if (failed === undefined) return;
    const concerned = runsOnce(failed.failedAt) ? (this.#batches.get(host)?.hosts ?? []) : [host];
    for (const each of concerned)
      if (this.#failureOf(each)?.failedAt === failed.failedAt) this.#tryAgain(each, failed.failedAt, failed.kind);
  }

  #failureOf(host: string) {
    const where = whereabouts(this.tree, this.of(host));
    return where.kind === 'failed' || where.kind === 'unreachable' ? where : undefined;
  }

  /** A step that had come to its end is begun again: what was known of it and of what follows holds no more. */
  restart({ host, taskId, flushedAt }: StepAddress): void {
    const task = this.#tasks.get(taskId);
    if (task === undefined) return;
    if (flushedAt === undefined && this.of(host).ending(task) !== undefined)
      this.#forgetFrom(host, this.#place(task.id), 'refused');
    else if (flushedAt !== undefined && this.#handlerAt(host, task, 'refused') === flushedAt) this.askAgain(host, task);
  }

  /** What an operator says of a host: its rest or a step is done, or what was done is to be done again. */
  obey(order: HostOrder): void {
    const { host, taskId } = order;
    const step = forcedStep(order);
    if (step !== undefined) this.apply(step);
    else if (order.type === 'host_forced') this.#past(host).isForced = true;
    else if (order.type === 'host_retried') this.#retry(host);
    else if (order.type === 'host_restarted' && taskId === undefined) this.#hosts.delete(host);
    else if (order.type === 'host_restarted') this.#forgetTask(host, taskId ?? '');
  }

  /** What is done once for a batch is forgotten for all of it. */
  #forgetTask(host: string, taskId: string): void {
    this.#past(host).isForced = false;
    const shared = this.#sharedIn(this.#batches.get(host)?.number ?? 0);
    const wasForAll = shared.endings.delete(taskId);
    for (const each of wasForAll ? (this.#batches.get(host)?.hosts ?? []) : [host])
      this.#past(each).endings.delete(taskId);
  }

  /** Where the outermost block begins that has only asked, or has been put right after the task was refused in it. */
  #begunFrom(host: string, task: PlannedTask): number | undefined {
    const around = task.blocks.filter(({ part }) => part === 'block' || part === 'rescue');
    const known = this.of(host);
    const outermost = around.find(({ id }) => {
      const tasks = this.#inBlock(id);
      const hasOnlyAsked = !tasks.some((other) => known.hasTouched(this.#place(other.id)));
      return hasOnlyAsked || tasks.some((other) => isCleanup(other, id) && known.ending(other) !== undefined);
    });
    return outermost === undefined ? undefined : this.#firstPosition(outermost.id);
  }

  #inBlock(id: string): readonly PlannedTask[] {
    return [...this.#tasks.values()].filter((task) => task.blocks.some((block) => block.id === id));
  }

  #firstPosition(blockId: string): number {
    return Math.min(...this.#inBlock(blockId).map((task) => this.#place(task.id)));
  }

  /** What was refused, or failed, once for a batch was so for all of it: all of it begins there again. */
  #forgetFrom(host: string, position: number, ending: Grief): void {
    const batch = this.#batches.get(host);
    const shared = this.#sharedIn(batch?.number ?? 0);
    const wasForAll = [...shared.endings].some(([id, its]) => its === ending && this.#place(id) >= position);
    if (wasForAll) this.#forget(shared, position);
    for (const each of wasForAll ? (batch?.hosts ?? []) : [host]) {
      const past = this.#past(each);
      this.#forget(past, position);
      for (const at of past.flushed.keys()) if (at >= position) past.flushed.delete(at);
      past.furthest = Math.max(-1, ...[...past.endings.keys()].map((id) => this.#place(id)));
    }
  }

  #forget({ endings, touched }: Shared, position: number): void {
    for (const id of endings.keys()) if (this.#place(id) >= position) endings.delete(id);
    for (const at of touched) if (at >= position) touched.delete(at);
  }

  #handlerAt(host: string, handler: PlannedTask, ending: Grief): number | undefined {
    const found = [...this.#past(host).failedHandlers].find(
      ([, its]) => its.task.id === handler.id && its.ending === ending,
    );
    return found?.[0];
  }

  #takeBackHandler(host: string, handler: PlannedTask, position: number): void {
    const past = this.#past(host);
    past.failedHandlers.delete(position);
    past.waiting.add(handler.id);
    past.flushed.set(position, this.#handlers.indexOf(handler) - 1);
  }

  #place(taskId: string): number {
    return this.#positions.get(taskId) ?? 0;
  }

  /** The past of one host, as the walk asks for it. */
  of(host: string): History {
    const past = this.#past(host);
    if (past.isForced) return NOTHING_LEFT;
    const batch = this.#batches.get(host)?.number ?? 0;
    const shared = this.#shared.get(batch);
    return {
      isOver: this.#ended.has(batch),
      ending: (task) => past.endings.get(task.id) ?? shared?.endings.get(task.id),
      hasTouched: (position) => past.touched.has(position) || shared?.touched.has(position) === true,
      nextHandler: (position) => (past.furthest > position ? undefined : this.#nextHandler(past, position)),
      failedHandler: (position) => past.failedHandlers.get(position),
    };
  }

  /** Whether a step of a host in this play has ended. */
  hasBegun(host: string): boolean {
    return (this.#hosts.get(host)?.furthest ?? -1) >= 0;
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
      past = {
        endings: new Map(),
        touched: new Set(),
        waiting: new Set(),
        flushed: new Map(),
        failedHandlers: new Map(),
        furthest: -1,
        isForced: false,
      };
      this.#hosts.set(host, past);
    }
    return past;
  }
}

/** What was done once for all hosts of a batch. */
interface Shared {
  /** By the task's id. */
  readonly endings: Map<string, Ending>;
  /** Positions of steps that may have left something behind on the host. */
  readonly touched: Set<number>;
}

interface HostPast extends Shared {
  /** Ids of handlers that were notified and have not run since. */
  readonly waiting: Set<string>;
  /** By position: the last handler that ran there, as its place among the handlers. */
  readonly flushed: Map<number, number>;
  readonly failedHandlers: Map<number, { task: PlannedTask; ending: Grief }>;
  /** The furthest position that was recorded, -1 for none. */
  furthest: number;
  /** All of it was taken as complete, on an operator's word. */
  isForced: boolean;
}

const NOTHING_LEFT: History = {
  ending: () => 'passed',
  hasTouched: () => false,
  nextHandler: () => undefined,
  failedHandler: () => undefined,
};

function endingOf(event: StepFinished): Ending {
  if (event.result.ends !== undefined) return 'ended';
  if (event.ignored) return 'passed';
  const { status } = event;
  return status === 'failed' || status === 'unreachable' || status === 'refused' ? status : 'passed';
}

function isGrief(ending: Ending): ending is Grief {
  return ending !== 'passed' && ending !== 'ended';
}

/** Whether a step may have left something behind: a refused one did nothing, unless it is a loop that was half done. */
function touches({ status, reads, result }: StepFinished): boolean {
  if (status === 'refused') return result.changed === true;
  return status !== 'skipped' && reads !== true;
}

function isCleanup(task: PlannedTask, blockId: string): boolean {
  return task.blocks.some(({ id, part }) => id === blockId && (part === 'always' || part === 'must_finish'));
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
