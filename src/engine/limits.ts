import pLimit, { type LimitFunction } from 'p-limit';
import type { PlannedTask } from '../plan/plan.ts';
import type { Course } from './course.ts';
import { runsOnce } from './history.ts';
import { number, safely } from './keywords.ts';
import type { Spot } from './spot.ts';

/** Bounds on how much runs at once: hosts of a play by `forks`, runs of one task by its `throttle`. */
export class Limits {
  readonly hosts: LimitFunction;
  readonly #tasks = new Map<string, LimitFunction>();

  constructor(forks: number) {
    this.hosts = pLimit(forks);
  }

  /** Runs a step within its task's throttle; 0 or absent: no throttle. */
  async throttled<T>(taskId: string, throttle: number | undefined, step: () => Promise<T>): Promise<T> {
    if (throttle === undefined || throttle <= 0) return step();
    const limit = this.#tasks.get(taskId) ?? pLimit(throttle);
    this.#tasks.set(taskId, limit);
    return limit(step);
  }
}

/** A task's throttle on a host. Where nobody can tell, one at a time; the step itself will say what is wrong. */
export function throttleOf(task: PlannedTask, spot: Spot, { world, variables }: Course): number | undefined {
  const { throttle } = task;
  if (throttle === undefined || runsOnce(task)) return undefined;
  return safely(() => number({ world, variables, at: { ...spot, task } }, throttle, 'throttle'), 1);
}
