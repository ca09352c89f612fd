import pLimit, { type LimitFunction } from 'p-limit';

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
