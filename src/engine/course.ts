import type { HostOrder, Order, RunEvent, Stamped } from '../journal/event.ts';
import { forcedStep, saidBy } from '../journal/orders.ts';
import type { Batch, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import { secretTexts } from '../plan/secrets.ts';
import type { BlockNode } from '../plan/tree.ts';
import { type Mask, masking } from '../shell/masking.ts';
import type { ValueMap } from '../source/value.ts';
import type { Assignment } from './assignment.ts';
import { type Doubtful, Doubts, isInDoubt } from './doubts.ts';
import type { DryRun } from './dry-run.ts';
import { Failures } from './failures.ts';
import { PlayHistory, runsOnce, type StepFinished } from './history.ts';
import { LostThings } from './lost-things.ts';
import { Memory } from './memory.ts';
import { type Milestone, Milestones } from './milestones.ts';
import { OpenWindows } from './open-windows.ts';
import { OutOfRun } from './out-of-run.ts';
import { Pause } from './pause.ts';
import { addressOf, type Spot } from './spot.ts';
import type { Stop } from './stop.ts';
import { UnderWay } from './under-way.ts';
import { Variables } from './variables.ts';
import { griefOf, hasTouched, type Next, type Whereabouts, whereabouts } from './walk.ts';
import { findBlock, windowId } from './window-blocks.ts';
import type { World } from './world.ts';

type Stopping = Extract<RunEvent, { type: 'stopping' }>;

/** Where a run is: folded from its journal at the start, and from every step as it ends. */
export class Course {
  readonly world: World;
  readonly stop: Stop;
  readonly pause = new Pause();
  readonly underWay: UnderWay;
  readonly variables: Variables;
  readonly memory = new Memory();
  readonly milestones = new Milestones();
  readonly windows = new OpenWindows();
  readonly out: OutOfRun;
  readonly failures = new Failures();
  readonly lost = new LostThings();
  readonly mask: Mask;
  /** Steps of a batch that are being taken once for all of it. */
  readonly shared = new Map<string, Promise<'taken' | 'left'>>();
  readonly dryRun: DryRun | undefined;
  readonly diff: boolean;
  /** By host: the latest step that a dry run did not do and that may change it. */
  readonly undone = new Map<string, string>();
  readonly #assignment: Assignment;
  readonly #histories = new Map<number, PlayHistory>();
  readonly #doubts = new Doubts();
  /** Hosts on which something of this run may have changed something. */
  readonly #changed = new Set<string>();
  /** By play: batches that have not been gone through, or have to be gone through again. */
  readonly #batchesToDo = new Map<number, Set<Batch>>();
  /** Hosts that were turned away in an earlier leg of the run and have done nothing since, by play and name. */
  readonly #turnedAway = new Set<string>();
  /** By play: the hosts that a gate said no to in an earlier leg of the run, or that were turned away. */
  readonly #toAskAgain = new Map<number, Set<string>>();
  #closed: string | undefined;
  #fault: { readonly error: unknown } | undefined;

  constructor(assignment: Assignment) {
    this.#assignment = assignment;
    this.world = assignment.world;
    this.stop = assignment.stop;
    this.dryRun = assignment.dryRun;
    this.diff = assignment.diff === true;
    this.underWay = new UnderWay(assignment.stop.abandoned);
    this.out = new OutOfRun(assignment.refused);
    for (const play of assignment.plan.plays) this.#batchesToDo.set(play.number, new Set(play.batches));
    this.mask = masking(secretTexts(assignment.secrets));
    this.variables = new Variables(assignment.plan, this.memory, {
      alive: (play, hosts) => hosts.filter((host) => !this.out.has(host) && !this.#hasStopped(play, host)),
      check: assignment.dryRun !== undefined,
      playbookDir: assignment.playbookDir,
    });
    for (const event of assignment.past) this.#replay(event);
    for (const play of assignment.past.length === 0 ? [] : assignment.plan.plays) {
      const refused = play.batches.flatMap(({ hosts }) =>
        hosts.filter((host) => this.#isRefused(play, host) || this.#turnedAway.has(`${play.number} ${host}`)),
      );
      this.#toAskAgain.set(play.number, new Set(refused));
    }
  }

  /** Why nothing new may begin any more; undefined while it may. */
  get closed(): string | undefined {
    return this.#closed;
  }

  async close(event: Stopping): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#closed = event.reason;
    await this.world.record(event);
  }

  /** Does what an operator said, live and at resume alike. */
  obey(order: Order): void {
    switch (order.type) {
      case 'run_paused':
      case 'run_aborted':
        this.pause.begin();
        break;
      case 'run_continued':
        this.pause.end();
        break;
      case 'host_forced':
      case 'host_restarted':
      case 'host_skipped':
      case 'host_retried':
        this.#obeyOf(order);
    }
  }

  /** Records an order and does it; what it is about is let go of. False when the journal does not hold it. */
  async take(order: Order): Promise<boolean> {
    // The line is on its way before anything that follows from it can be.
    const isOnDisk = this.world.record(order);
    this.obey(order);
    if (order.type === 'run_aborted') this.stop.drain(`aborted ${saidBy(order)}`);
    if ('host' in order) this.underWay.letGo(this.#concernedBy(order), order);
    return isOnDisk;
  }

  /** The next batch in which something may be left to do. */
  nextBatch(play: PlannedPlay): Batch | undefined {
    const left = this.#batchesToDo.get(play.number);
    const next = play.batches.find((batch) => left?.has(batch));
    if (next !== undefined) left?.delete(next);
    return next;
  }

  whereabouts(play: PlannedPlay, host: string): Whereabouts {
    const history = this.history(play);
    return whereabouts(history.tree, { ...history.of(host), openWindow: this.windows.of(host)?.window });
  }

  history(play: PlannedPlay): PlayHistory {
    let history = this.#histories.get(play.number);
    if (history === undefined) {
      history = new PlayHistory(play);
      this.#histories.set(play.number, history);
    }
    return history;
  }

  /** Whether a host may be begun, or has been. */
  isLetIn(play: PlannedPlay, host: string): boolean {
    if (this.windows.has(host)) return true;
    const isMeant = this.#assignment.only?.has(host) ?? true;
    return isMeant && (this.stop.admitsNoMore === undefined || this.history(play).hasBegun(host));
  }

  /** Whether every host of the plan may be begun. */
  get letsAllIn(): boolean {
    return this.stop.admitsNoMore === undefined && this.#assignment.only === undefined;
  }

  /** What was approved of a host, as long as the run itself has not made it another. */
  approvedOf(host: string, taskId: string): ValueMap | undefined {
    if (this.#changed.has(host) || this.undone.has(host)) return undefined;
    return this.#assignment.approved?.[host]?.[taskId];
  }

  /** A bug, not a failure of a host: nothing new is begun, and what is under way comes to its end before it is told. */
  blame(error: unknown): void {
    this.#fault ??= { error };
    this.stop.drain('a fault in rollgate itself');
  }

  /** Nobody knows where this host stands: nothing more is done on it in this leg of the run. */
  breakOff(host: string, error: unknown): void {
    this.out.loseSightOf(host);
    this.blame(error);
  }

  get fault(): { readonly error: unknown } | undefined {
    return this.#fault;
  }

  /** Lets hosts try again at gates that said no to them before a break, once what was begun has been put right. */
  askAgain(play: PlannedPlay, batch: Batch): void {
    const waiting = this.#toAskAgain.get(play.number);
    if (waiting === undefined || waiting.size === 0) return;
    for (const host of batch.hosts.filter((each) => waiting.has(each))) {
      const where = this.whereabouts(play, host);
      if (where.kind === 'refused') this.history(play).askAgain(host, where.failedAt);
      if (where.kind === 'next' && !this.#isAmidst(play, batch, host, where.task))
        this.history(play).askAgain(host, where.task);
    }
    // Once each; a step that is done once for the batch was asked again for all of it.
    for (const host of batch.hosts) if (!this.#isRefused(play, host)) waiting.delete(host);
  }

  /** It has a window open, or may have begun the task. */
  #isAmidst(play: PlannedPlay, batch: Batch, host: string, { id: taskId }: PlannedTask): boolean {
    const step = { playNumber: play.number, batch: batch.number, host, taskId };
    return this.windows.has(host) || this.#doubts.has(step);
  }

  /** A batch that came to its end without hosts that were turned away goes on when they are let in, and so does its play. */
  reopen(play: PlannedPlay, batch: Batch): void {
    const goesOn = batch.hosts.some((host) => !this.out.has(host) && this.whereabouts(play, host).kind === 'next');
    if (goesOn) this.milestones.takeBackEnd(play, batch);
  }

  /** Whether anything in the window may have changed the host. */
  hasTouched(play: PlannedPlay, host: string, window: BlockNode): boolean {
    return hasTouched(window, this.history(play).of(host));
  }

  /** Turns a host away: nothing more is done on it in this run until somebody resumes it. */
  async refuse(play: PlannedPlay, batch: Batch, host: string, reason: string): Promise<void> {
    this.out.turnAway(host, reason);
    await this.world.record({ type: 'host_refused', ...addressOf({ play, batch, host }), reason });
  }

  /**
   * Whether a host may take its next step. An open window goes on whatever else holds; after the budget is spent,
   * what has begun to be put right (rescue, always) is brought to its end; an operator's stop ends all else.
   */
  mayGoOn(host: string, where: Next): boolean {
    if (where.window !== undefined && this.windows.of(host)?.window === where.window.id) return true;
    return !this.pause.isOn && !this.out.has(host) && this.#mayGoOnUnpaused(where);
  }

  /** Whether the host would go on if nobody had said to wait. */
  isHeldUp(host: string, where: Next): boolean {
    return this.pause.isOn && !this.out.has(host) && this.#mayGoOnUnpaused(where);
  }

  #mayGoOnUnpaused(where: Next): boolean {
    if (this.stop.draining !== undefined) return false;
    return this.#closed === undefined || where.mending || where.failedAt !== undefined;
  }

  /** The window that a host is in. */
  windowOf(play: PlannedPlay, host: string): BlockNode | undefined {
    const stay = this.windows.of(host);
    return stay === undefined ? undefined : findBlock(this.history(play).tree, stay.window);
  }

  /** Those that failed in a play, or were refused in it, stay out of the later ones. */
  leave(play: PlannedPlay): void {
    const hosts = play.batches.flatMap((batch) => batch.hosts);
    for (const host of hosts) if (this.#hasStopped(play, host)) this.out.leaveBehind(host);
  }

  /** The step was begun before a break, and nobody has recorded its end. */
  isUnknown(step: Omit<Doubtful, 'host'>, hosts: readonly string[]): boolean {
    return hosts.some((host) => this.#doubts.has({ ...step, host }));
  }

  /** Learns what a step came to; `result` is whole even where the event's is censored. */
  learn(play: PlannedPlay, event: StepFinished, result: ValueMap): void {
    const history = this.history(play);
    history.apply(event);
    const task = history.task(event.taskId);
    // A task that ran once for all of a batch ended for all, and all share what it registered.
    const hosts = task !== undefined && runsOnce(task) ? this.#batchOf(play, event.host) : [event.host];
    this.memory.learn(event, hosts, task?.register, result);
    this.lost.note(event);
    if (result.changed === true || isInDoubt(result)) this.#changed.add(event.host);
    if (event.rescued) this.memory.rememberFailure(hosts, { name: event.task, action: task?.action ?? '' }, result);
    this.#doubts.end(event, hosts, result);
    for (const host of hosts) this.failures.note(play, host, this.whereabouts(play, host));
  }

  /** Records an event that is said once in a run, however often the run is resumed. */
  async once(event: Milestone): Promise<void> {
    if (this.milestones.has(event)) return;
    this.milestones.pass(event);
    await this.world.record(event);
  }

  #obeyOf(order: HostOrder): void {
    const play = this.#playOf(order);
    const batch = play?.batches.find(({ number }) => number === order.batch);
    if (play === undefined || batch === undefined) return;
    if (order.type === 'host_skipped') {
      this.out.turnAway(order.host, `skipped ${saidBy(order)}`);
      return;
    }
    const step = forcedStep(order);
    if (step === undefined) this.history(play).obey(order);
    else this.learn(play, step, step.result);
    // What failed once for a batch is tried again for all of it.
    const concerned = order.type === 'host_retried' ? batch.hosts.filter((host) => this.#hasMoved(play, host)) : [];
    for (const host of new Set([...this.#concernedBy(order), ...concerned])) this.#letIn(play, host);
    this.#doubts.obey(order);
    this.#batchesToDo.get(play.number)?.add(batch);
    this.reopen(play, batch);
  }

  /** It was known to have failed, and is not at its failure any more. */
  #hasMoved(play: PlannedPlay, host: string): boolean {
    return this.failures.in(play).has(host) && this.whereabouts(play, host).kind === 'next';
  }

  /** What kept a host from going on keeps it no more, but for another run that holds it. */
  #letIn(play: PlannedPlay, host: string): void {
    this.failures.forget(play, host);
    this.out.letIn(host);
    this.failures.note(play, host, this.whereabouts(play, host));
  }

  /** What is done once for a batch concerns all of it. */
  #concernedBy({ playNumber, batch, host, taskId }: HostOrder): readonly string[] {
    const play = this.#playOf({ playNumber });
    const task = play?.tasks.find(({ id }) => id === taskId);
    if (task === undefined || !runsOnce(task)) return [host];
    return play?.batches.find(({ number }) => number === batch)?.hosts ?? [host];
  }

  #hasStopped(play: PlannedPlay, host: string): boolean {
    return this.failures.in(play).has(host) || this.#isRefused(play, host);
  }

  #isRefused(play: PlannedPlay, host: string): boolean {
    return griefOf(this.whereabouts(play, host)) === 'refused';
  }

  #playOf({ playNumber }: { readonly playNumber: number }): PlannedPlay | undefined {
    return this.#assignment.plan.plays.find(({ number }) => number === playNumber);
  }

  #batchOf(play: PlannedPlay, host: string): readonly string[] {
    const batch = play.batches.find(({ hosts }) => hosts.includes(host));
    return batch?.hosts.filter((other) => !this.out.has(other)) ?? [];
  }

  /** What a lost line may have told of: the next step of each host, as far as the run can have come. */
  #doubtWhatIsNext(): void {
    for (const play of this.#assignment.plan.plays) {
      for (const batch of play.batches) {
        const isBegun = batch.hosts.some((host) => this.history(play).hasBegun(host));
        for (const host of batch.hosts) this.#doubtNext({ play, batch, host });
        if (!isBegun) return;
      }
    }
  }

  #doubtNext({ play, batch, host }: Spot): void {
    const where = this.whereabouts(play, host);
    if (where.kind !== 'next') return;
    const { task, flushedAt } = where;
    const step = { playNumber: play.number, batch: batch.number, host, taskId: task.id };
    this.#doubts.begin(flushedAt === undefined ? step : { ...step, flushedAt });
  }

  #replay(event: Stamped): void {
    switch (event.type) {
      case 'step_started': {
        const play = this.#playOf(event);
        this.#turnedAway.delete(`${event.playNumber} ${event.host}`);
        this.#doubts.begin(event);
        if (play !== undefined) this.history(play).restart(event);
        break;
      }
      case 'step_finished': {
        const play = this.#playOf(event);
        if (play !== undefined) this.learn(play, event, event.result);
        break;
      }
      case 'host_refused':
        this.#turnedAway.add(`${event.playNumber} ${event.host}`);
        break;
      case 'window_opened':
        this.windows.replay(event, windowId(this.#playOf(event), event.window));
        break;
      case 'window_closed':
        this.windows.leave(event.host);
        break;
      case 'play_started':
      case 'batch_started':
      case 'batch_finished':
      case 'play_finished':
        this.milestones.pass(event);
        break;
      case 'journal_salvaged':
        this.#doubtWhatIsNext();
        break;
      case 'run_paused':
      case 'run_continued':
      case 'run_aborted':
      case 'host_forced':
      case 'host_restarted':
      case 'host_skipped':
      case 'host_retried':
        this.obey(event);
        break;
      default:
        break;
    }
  }
}
