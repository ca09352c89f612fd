import type { RunEvent, Stamped } from '../journal/event.ts';
import { Patience } from './patience.ts';

type Opened = Stamped<Extract<RunEvent, { type: 'window_opened' | 'window_closed' }>>;

/** A host's stay in a window. */
export interface Stay {
  /** The id of the window's block. */
  readonly window: string;
  /** In milliseconds of the monotonic clock; absent when it was entered before a break. */
  readonly enteredMs?: number;
  /** Of a window opened before a break: when its time is up, in milliseconds of the wall clock; absent: never. */
  readonly deadlineMs?: number;
  /** How long the host is waited for when it is gone: the same for all that is sent to it meanwhile. */
  readonly patience: Patience;
}

/** Which hosts are inside a window, and how long those took that have come through one. */
export class OpenWindows {
  readonly #stays = new Map<string, Stay>();
  /** By window: seconds. */
  readonly #longest = new Map<string, number>();

  of(host: string): Stay | undefined {
    return this.#stays.get(host);
  }

  enter(host: string, window: string, enteredMs: number): void {
    this.#stays.set(host, { window, enteredMs, patience: new Patience() });
  }

  /** As it was entered before a break. */
  replay({ host, at, lengthMs }: Opened, window: string): void {
    const deadline = lengthMs === undefined ? {} : { deadlineMs: Date.parse(at) + lengthMs };
    this.#stays.set(host, { window, ...deadline, patience: new Patience() });
  }

  leave(host: string): void {
    this.#stays.delete(host);
  }

  /** Learns from a host that has come through. That its network was away says nothing of the next. */
  learn({ window, enteredMs, patience }: Stay, nowMs: number): void {
    if (enteredMs === undefined) return;
    const seconds = (nowMs - enteredMs - patience.waitedMs) / 1000;
    this.#longest.set(window, Math.max(seconds, this.#longest.get(window) ?? 0));
  }

  /** The longest that a host of this leg of the run has needed for a window and come through, in seconds. */
  longestSeconds(window: string): number | undefined {
    return this.#longest.get(window);
  }
}
