import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../actions/action.ts';

export const realClock: Clock = {
  monotonic: () => performance.now(),
  now: () => new Date(),
  sleep: (ms, abort) => setTimeout(ms, undefined, { ...(abort === undefined ? {} : { signal: abort }) }),
};
