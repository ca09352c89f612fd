import { addressKey } from '../journal/address.ts';
import type { HostOrder, StepAddress } from '../journal/event.ts';
import { isList, isMap, type ValueMap } from '../source/value.ts';

export type Doubtful = Pick<StepAddress, 'playNumber' | 'batch' | 'host' | 'taskId' | 'flushedAt'>;

/** Steps that were begun, and of which nobody has recorded whether they were done. */
export class Doubts {
  readonly #unknown = new Set<string>();
  /** Steps that were given up while nobody knew whether their command ran. */
  readonly #givenUp = new Set<string>();

  begin(step: Doubtful): void {
    this.#unknown.add(addressKey(step));
  }

  has(step: Doubtful): boolean {
    return this.#unknown.has(addressKey(step));
  }

  /** What a step came to, for all hosts that it ended for. */
  end(step: Doubtful, hosts: readonly string[], result: ValueMap): void {
    for (const host of hosts) this.#unknown.delete(addressKey({ ...step, host }));
    if (isInDoubt(result)) this.#givenUp.add(addressKey(step));
    else this.#givenUp.delete(addressKey(step));
  }

  /** Whatever an order says is to become of a step, it is in doubt no more; tried again, as if rollgate had died in it. */
  obey(order: HostOrder): void {
    if (order.type === 'host_retried') {
      for (const key of this.#givenUp) if (isAbout(order, key)) this.#unknown.add(key);
    } else {
      for (const key of this.#unknown) if (isAbout(order, key)) this.#unknown.delete(key);
    }
  }
}

/** Of itself, or of a turn of its loop. */
export function isInDoubt({ in_doubt, results }: ValueMap): boolean {
  return in_doubt === true || (isList(results) && results.some((turn) => isMap(turn) && turn.in_doubt === true));
}

function isAbout({ playNumber, batch, host, taskId }: HostOrder, key: string): boolean {
  const [play, its, task, , ...name] = key.split('/');
  const isThere = play === String(playNumber) && its === String(batch) && name.join('/') === host;
  return isThere && (taskId === undefined || task === taskId);
}
