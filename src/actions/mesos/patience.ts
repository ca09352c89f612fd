import type { Executor } from './facts.ts';

/** How long executors wait for their agent where their environment does not say (Mesos: RECOVERY_TIMEOUT). */
const DEFAULT_S = 900;

/** Seconds until the first of them gives up, once its link is shut. Who does not wait at all does not count. */
export function leastPatienceSeconds(executors: readonly Executor[]): number {
  const waits = executors.filter(({ checkpoint, http }) => checkpoint && !http);
  const seconds = waits.map(({ recoveryTimeoutSeconds }) => recoveryTimeoutSeconds ?? DEFAULT_S);
  return Math.floor(seconds.length === 0 ? DEFAULT_S : Math.min(...seconds));
}
