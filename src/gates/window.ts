import { closed, OPEN, type Verdict } from './verdict.ts';

/** A moment on a host, by its own clocks: one that never goes back, and the one that people and Mesos go by. */
export interface HostMoment {
  /** Hundredths of a second since the boot. */
  readonly uptimeCs: number;
  /** Seconds since 1970. */
  readonly epoch: number;
  /** The kernel's id of this boot. */
  readonly boot: string;
}

/**
 * Seconds left of a window, by whichever of the host's clocks says less: who waits on the host may go by its wall clock,
 * and a step of that forward shortens what is left. Undefined after a reboot: the window is void.
 */
export function leftSeconds(opened: HostMoment, now: HostMoment, lengthSeconds: number): number | undefined {
  if (opened.boot !== now.boot) return undefined;
  const past = Math.max((now.uptimeCs - opened.uptimeCs) / 100, now.epoch - opened.epoch);
  return lengthSeconds - past;
}

/** What a host would enter. */
export interface Prospect {
  readonly lengthSeconds: number;
  /** Kept for the last part. */
  readonly reserveSeconds: number;
  /** How long the playbook says that the window takes on this host. */
  readonly declaredSeconds?: number;
  /** How long it is expected to take, by what other hosts have shown; unknown: that it fits is the playbook's word. */
  readonly expectedSeconds?: number;
}

/** Whether a host may enter a window: what must be done in it has to fit. */
export function admit({ lengthSeconds, reserveSeconds, expectedSeconds = 0 }: Prospect): Verdict {
  if (expectedSeconds + reserveSeconds < lengthSeconds) return OPEN;
  const expected = expectedSeconds === 0 ? '' : `the block is expected to take ${seconds(expectedSeconds)}, and `;
  return closed(
    `the window is ${seconds(lengthSeconds)} long: ${expected}${seconds(reserveSeconds)} of it are kept for its last part`,
  );
}

/** When the guard fires: after a few times what is expected, long before the window is over. */
export function guardAfterSeconds({ lengthSeconds, reserveSeconds, expectedSeconds }: Prospect): number {
  const atMost = lengthSeconds - reserveSeconds;
  return Math.max(1, Math.floor(expectedSeconds === undefined ? atMost / 2 : Math.min(atMost, 3 * expectedSeconds)));
}

function seconds(value: number): string {
  return `${Number(value.toFixed(1))} s`;
}
