import type { RunEvent, Stamped } from '../journal/event.ts';
import { Patience } from './patience.ts';

type Opened = Stamped<Extract<RunEvent, { type: 'window_opened' | 'window_closed' }>>;

/** A host's stay in a window. */
export interface Stay {
  /** The id of the window's block. */
  readonly window: string;
  /** In milliseconds of the monotonic clock; absent when it was entered before a break. */
  readonly enteredMs?: number;
  /** How long it was said to take on this host. */
  readonly declaredSeconds?: number;
  /** Of a window opened before a break: when its time is up, in milliseconds of the wall clock; absent: never. */
  readonly deadlineMs?: number;
  /** How long the host is waited for when it is gone: the same for all that is sent to it meanwhile. */
  readonly patience: Patience;
}

/** Which hosts are inside a window, and how long those took that have come through one. */
export class OpenWindows {
  readonly #stays = new Map<string, Stay>();
  /** By window: how long each host took that has come through, in seconds, or as a multiple of what was declared for it. */
  readonly #took = new Map<string, number[]>();

  has(host: string): boolean {
    return this.#stays.has(host);
  }

  of(host: string): Stay | undefined {
    return this.#stays.get(host);
  }

  enter(host: string, window: string, enteredMs: number, declaredSeconds?: number): void {
    const declared = declaredSeconds === undefined ? {} : { declaredSeconds };
    this.#stays.set(host, { window, enteredMs, ...declared, patience: new Patience() });
  }

  /** As it was entered before a break. */
  replay({ host, at, lengthMs }: Opened, window: string): void {
    const deadline = lengthMs === undefined ? {} : { deadlineMs: Date.parse(at) + lengthMs };
    this.#stays.set(host, { window, ...deadline, patience: new Patience() });
  }

  leave(host: string): void {
    this.#stays.delete(host);
  }

  /** Since it was entered in this leg of the run. */
  secondsIn(host: string, nowMs: number): number {
    return (nowMs - (this.#stays.get(host)?.enteredMs ?? nowMs)) / 1000;
  }

  /** Learns from a host that has come through. That its network was away says nothing of the next. */
  learn({ window, enteredMs, declaredSeconds, patience }: Stay, nowMs: number): void {
    if (enteredMs === undefined) return;
    const seconds = (nowMs - enteredMs - patience.waitedMs) / 1000;
    this.#took.set(window, [...(this.#took.get(window) ?? []), seconds / unitOf(declaredSeconds)]);
  }

  /**
   * How long a window will take, in seconds: what was declared for a host, as far as it was right for those of this leg of
   * the run that have come through. By their median, so that one that was slow turns nobody away. Where nothing was
   * declared, undefined before the first.
   */
  expectedSeconds(window: string, declaredSeconds?: number): number | undefined {
    const took = this.#took.get(window)?.toSorted((a, b) => a - b);
    const median = took?.[Math.floor(took.length / 2)];
    return median === undefined ? declaredSeconds : median * unitOf(declaredSeconds);
  }
}

const unitOf = (declaredSeconds = 1) => Math.max(1, declaredSeconds);
