import type { Clock } from '../actions/action.ts';

/** How long an attempt may take. While its host is waited for, no time of it passes. */
export class TimeLimit {
  readonly ms: number;
  readonly #clock: Clock;
  #endsAtMs: number;

  constructor(ms: number, clock: Clock) {
    this.ms = ms;
    this.#clock = clock;
    this.#endsAtMs = clock.monotonic() + ms;
  }

  get leftMs(): number {
    return Math.max(1, Math.round(this.#endsAtMs - this.#clock.monotonic()));
  }

  putOff(ms: number): void {
    this.#endsAtMs += ms;
  }
}
