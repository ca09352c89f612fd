import type { HostOrder } from '../journal/event.ts';

interface Step {
  readonly taskId: string;
  readonly letGo: AbortController;
}

/** Steps that run outside windows: let go of all together by an operator's last Ctrl-C, or one by an order about it. */
export class UnderWay {
  readonly #steps = new Map<string, Step>();
  readonly #abandoned: AbortSignal;

  constructor(abandoned: AbortSignal) {
    this.#abandoned = abandoned;
    abandoned.addEventListener('abort', () => {
      for (const { letGo } of this.#steps.values()) letGo.abort(abandoned.reason);
    });
  }

  /** Aborted when the step is to be let go of. */
  begin(host: string, taskId: string): AbortSignal {
    const letGo = new AbortController();
    if (this.#abandoned.aborted) letGo.abort(this.#abandoned.reason);
    this.#steps.set(host, { taskId, letGo });
    return letGo.signal;
  }

  end(host: string): void {
    this.#steps.delete(host);
  }

  /** Lets go of what an order is about: nobody waits any more for what becomes of it. */
  letGo(hosts: readonly string[], { taskId }: Pick<HostOrder, 'taskId'>): void {
    for (const host of hosts) {
      const step = this.#steps.get(host);
      if (taskId === undefined || step?.taskId === taskId) step?.letGo.abort(new Error('overtaken by an order'));
    }
  }
}
