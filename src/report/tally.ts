import { tasksOfEveryHost } from '../journal/derived.ts';
import type { HostOrder, Order, Stamped, Status } from '../journal/event.ts';
import { saidBy } from '../journal/orders.ts';
import type { FinishedStep, Progress } from '../journal/progress.ts';
import type { Plan } from '../plan/plan.ts';
import { finishedReason } from './host-log-text.ts';

/** What a screen shows, kept up to date event by event, so that drawing costs the same however long the run is. */
export interface Tally {
  readonly playbook: string;
  readonly run: string;
  /** Milliseconds since the epoch; of this leg of the run. */
  readonly startedAt?: number;
  readonly plays: readonly PlayTally[];
  /** Hosts with a step under way, in the order in which they were begun. */
  readonly inFlight: readonly InFlight[];
  /** The newest first. */
  readonly troubles: readonly Trouble[];
  readonly stopping?: { readonly since: number; readonly why: string; readonly reason: string };
  /** Nothing new begins until somebody says to go on; `said`: by whom and why. */
  readonly paused?: { readonly since: number; readonly said: string };
  /** Milliseconds that are left, going by the steps so far; absent while too little is known. */
  readonly leftMs?: number;
}

export interface PlayTally {
  readonly name: string;
  readonly number: number;
  readonly hosts: number;
  readonly batches: readonly BatchTally[];
  readonly state: PartState;
}

export interface BatchTally {
  readonly number: number;
  readonly hosts: readonly string[];
  readonly state: PartState;
  /** Hosts with nothing left to do, whatever came of them. */
  readonly over: number;
  readonly failed: number;
  readonly unreachable: number;
  readonly refused: number;
}

type PartState = 'pending' | 'running' | 'over';

/** In milliseconds: since when a host stands in a window, and how long it may; without a length it has no deadline. */
interface Standing {
  readonly since: number;
  readonly lengthMs?: number;
}

export interface InFlight {
  readonly host: string;
  readonly task: string;
  readonly since: number;
  /** The window in which it stands. */
  readonly window?: Standing;
  readonly retry?: string;
}

export interface Trouble {
  readonly host: string;
  readonly task: string;
  readonly status: Status;
  readonly reason: string;
}

const MOST_TROUBLES = 20;
/** Fewer finished steps say nothing about the rest. */
const FEWEST_STEPS = 5;

interface BatchState {
  readonly number: number;
  readonly hosts: readonly string[];
  state: PartState;
  readonly ended: Map<string, Status>;
  /** By host: how many of the tasks that every host takes are over. */
  readonly done: Map<string, number>;
}

interface PlayState {
  readonly name: string;
  readonly number: number;
  readonly forks: number;
  readonly tasks: ReadonlySet<string>;
  readonly batches: readonly BatchState[];
  state: PartState;
}

interface Steps {
  count: number;
  ms: number;
}

/** Counts what happens in a run of this plan. */
export class Counting {
  readonly #plays: readonly PlayState[];
  readonly #inFlight = new Map<string, InFlight>();
  /** When each host was begun: rows that keep their order can be read. */
  readonly #begun = new Map<string, number>();
  readonly #windows = new Map<string, Standing>();
  readonly #steps: Steps = { count: 0, ms: 0 };
  #troubles: readonly Trouble[] = [];
  #title = { playbook: '', run: '' };
  #startedAt: number | undefined;
  #stopping: Tally['stopping'];
  #paused: Tally['paused'];

  constructor(plan: Pick<Plan, 'plays'>) {
    this.#plays = plan.plays.map((play) => ({
      name: play.name,
      number: play.number,
      forks: play.forks,
      tasks: new Set(tasksOfEveryHost(play)),
      batches: play.batches.map(({ number, hosts }) => ({
        number,
        hosts,
        state: 'pending',
        ended: new Map(),
        done: new Map(),
      })),
      state: 'pending',
    }));
  }

  /** What a run that goes on has done before. */
  recall(progress: Progress): void {
    if (progress.run !== undefined) this.#title = progress.run;
    if (progress.paused !== undefined) this.#pause(progress.paused);
    for (const { number, finishedAt, batches } of progress.plays.values()) {
      this.#setPlay(number, finishedAt === undefined ? 'running' : 'over');
      for (const batch of batches.values()) {
        const at = { playNumber: number, batch: batch.number };
        this.#setBatch(at, batch.finishedAt === undefined ? 'running' : 'over');
      }
    }
    for (const step of progress.steps.values()) if (step.status !== 'started') this.#settle(step);
    for (const [host, { since, ...open }] of progress.openWindows) this.#enter(host, Date.parse(since), open);
  }

  count(event: Stamped): void {
    const at = Date.parse(event.at);
    this.#startedAt ??= at;
    switch (event.type) {
      case 'run_started':
        this.#title = event;
        break;
      case 'run_resumed':
        this.#title = { ...this.#title, run: event.run };
        this.#startedAt = at;
        this.#letIn();
        break;
      case 'play_started':
        this.#setPlay(event.playNumber, 'running');
        break;
      case 'play_finished':
        this.#setPlay(event.playNumber, 'over');
        break;
      case 'batch_started':
        this.#setBatch(event, 'running');
        break;
      case 'batch_finished':
        this.#setBatch(event, 'over');
        break;
      case 'host_refused':
        this.#batch(event)?.ended.set(event.host, 'refused');
        this.#trouble({ host: event.host, task: 'refused', status: 'refused', reason: event.reason });
        break;
      case 'window_opened':
        this.#enter(event.host, at, event);
        break;
      case 'window_closed':
        this.#windows.delete(event.host);
        break;
      case 'step_started':
        if (!this.#begun.has(event.host)) this.#begun.set(event.host, this.#begun.size);
        this.#inFlight.set(event.host, { host: event.host, task: event.task, since: at });
        break;
      case 'step_retried':
        this.#retried(event);
        break;
      case 'step_finished':
        this.#settle(event);
        break;
      case 'stopping':
        this.#stopping ??= { since: at, why: event.why, reason: event.reason };
        break;
      case 'run_paused':
        this.#pause(event);
        break;
      case 'run_aborted':
        this.#paused = undefined;
        this.#stopping ??= { since: at, why: 'aborted', reason: `aborted ${saidBy(event)}` };
        break;
      case 'run_continued':
        this.#paused = undefined;
        break;
      case 'host_forced':
      case 'host_restarted':
      case 'host_skipped':
        this.#obey(event);
        break;
      default:
        break;
    }
  }

  get tally(): Tally {
    const leftMs = this.#leftMs();
    return {
      ...this.#title,
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
      plays: this.#plays.map((play) => ({
        name: play.name,
        number: play.number,
        hosts: play.batches.reduce((sum, batch) => sum + batch.hosts.length, 0),
        batches: play.batches.map(tallyOf),
        state: play.state,
      })),
      inFlight: this.#underWay(),
      troubles: this.#troubles,
      ...(this.#paused === undefined ? {} : { paused: this.#paused }),
      ...(this.#stopping === undefined ? {} : { stopping: this.#stopping }),
      ...(leftMs === undefined ? {} : { leftMs }),
    };
  }

  /** Who was turned away is asked again. */
  #letIn(): void {
    this.#troubles = this.#troubles.filter(({ status }) => status !== 'refused');
    for (const { ended } of this.#plays.flatMap(({ batches }) => batches))
      for (const [host, status] of ended) if (status === 'refused') ended.delete(host);
  }

  #pause(order: Stamped<Order>): void {
    this.#paused = { since: Date.parse(order.at), said: saidBy(order) };
  }

  /** What an order is about is let go of; a host that is begun again counts as if it had not been. */
  #obey({ type, playNumber, batch, host, taskId }: HostOrder): void {
    const known = this.#batch({ playNumber, batch });
    if (known === undefined) return;
    this.#inFlight.delete(host);
    known.ended.delete(host);
    if (type === 'host_restarted')
      known.done.set(host, taskId === undefined ? 0 : Math.max(0, (known.done.get(host) ?? 0) - 1));
    else if (type === 'host_skipped') known.ended.set(host, 'refused');
    else if (taskId === undefined) known.ended.set(host, 'ok');
    else known.done.set(host, (known.done.get(host) ?? 0) + 1);
  }

  #enter(host: string, since: number, { lengthMs }: { readonly lengthMs?: number }): void {
    this.#windows.set(host, { since, ...(lengthMs === undefined ? {} : { lengthMs }) });
  }

  #underWay(): readonly InFlight[] {
    const begun = (each: InFlight) => this.#begun.get(each.host) ?? 0;
    const inOrder = [...this.#inFlight.values()].sort((a, b) => begun(a) - begun(b));
    return inOrder.map((each) => {
      const window = this.#windows.get(each.host);
      return window === undefined ? each : { ...each, window };
    });
  }

  #settle(step: Omit<FinishedStep, 'startedAt'>): void {
    this.#inFlight.delete(step.host);
    this.#steps.count += 1;
    this.#steps.ms += step.ms;
    const play = this.#play(step.playNumber);
    const batch = this.#batch(step);
    if (play === undefined || batch === undefined) return;
    const bad = step.status === 'failed' || step.status === 'unreachable' || step.status === 'refused';
    if (bad && !step.ignored && !step.rescued) {
      batch.ended.set(step.host, step.status);
      this.#trouble({ host: step.host, task: step.task, status: step.status, reason: finishedReason(step) });
    }
    if (play.tasks.has(step.taskId) && step.status !== 'refused')
      batch.done.set(step.host, (batch.done.get(step.host) ?? 0) + 1);
    const over = (batch.done.get(step.host) ?? 0) >= play.tasks.size || step.result.ends !== undefined;
    if (over && !batch.ended.has(step.host)) batch.ended.set(step.host, 'ok');
  }

  #retried(event: Stamped & { readonly type: 'step_retried' }): void {
    const known = this.#inFlight.get(event.host);
    if (known !== undefined) this.#inFlight.set(event.host, { ...known, retry: `${event.attempt + 1}/${event.of}` });
  }

  #trouble(trouble: Trouble): void {
    this.#troubles = [trouble, ...this.#troubles].slice(0, MOST_TROUBLES);
  }

  #play(number: number): PlayState | undefined {
    return this.#plays.find((play) => play.number === number);
  }

  #batch(at: { readonly playNumber: number; readonly batch: number }): BatchState | undefined {
    return this.#play(at.playNumber)?.batches.find(({ number }) => number === at.batch);
  }

  #setPlay(number: number, state: PartState): void {
    const play = this.#play(number);
    if (play !== undefined) play.state = state;
  }

  #setBatch(at: { readonly playNumber: number; readonly batch: number }, state: PartState): void {
    const batch = this.#batch(at);
    if (batch !== undefined) batch.state = state;
  }

  /** Steps that are left, at the time that steps have taken so far, as many at once as the play allows. */
  #leftMs(): number | undefined {
    if (this.#steps.count < FEWEST_STEPS) return undefined;
    const each = this.#steps.ms / this.#steps.count;
    return this.#plays.reduce((sum, play) => sum + each * roundsLeft(play), 0);
  }
}

function roundsLeft(play: PlayState): number {
  if (play.state === 'over') return 0;
  return play.batches
    .filter(({ state }) => state !== 'over')
    .reduce((sum, batch) => sum + roundsLeftIn(batch, play), 0);
}

function roundsLeftIn(batch: BatchState, play: PlayState): number {
  const hosts = batch.hosts.filter((host) => !batch.ended.has(host));
  const steps = hosts.reduce((sum, host) => sum + play.tasks.size - (batch.done.get(host) ?? 0), 0);
  return steps / Math.max(1, Math.min(play.forks, hosts.length));
}

function tallyOf(batch: BatchState): BatchTally {
  const ended = [...batch.ended.values()];
  const of = (status: Status) => ended.filter((each) => each === status).length;
  const over = batch.state === 'over' ? batch.hosts.length : ended.length;
  return {
    number: batch.number,
    hosts: batch.hosts,
    state: batch.state,
    over,
    failed: of('failed'),
    unreachable: of('unreachable'),
    refused: of('refused'),
  };
}
