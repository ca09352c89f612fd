import type { Lost } from '../gates/budget.ts';
import type { RunEvent } from '../journal/event.ts';
import { lostIn, lostName } from '../journal/lost.ts';
import { isMap, type Value } from '../source/value.ts';

/** What steps said was lost, by play: each thing once, however often it is looked for, and never taken back. */
export class LostThings {
  readonly #byPlay = new Map<number, Map<string, Lost>>();

  /** From the event, as at resume: what must not be logged is counted there, and not named. */
  note({ playNumber, host, taskId, result }: Extract<RunEvent, { type: 'step_finished' }>): void {
    const known = this.#byPlay.get(playNumber) ?? new Map<string, Lost>();
    for (const [index, thing] of lostIn(result).entries())
      known.set(`${host} ${thing === true ? `${taskId} ${index}` : identity(thing)}`, { host, what: lostName(thing) });
    if (known.size > 0) this.#byPlay.set(playNumber, known);
  }

  in({ number }: { readonly number: number }): readonly Lost[] {
    return [...(this.#byPlay.get(number)?.values() ?? [])];
  }
}

/** Who looks again may find another reason. */
function identity(thing: Value): string {
  if (!isMap(thing)) return JSON.stringify(thing);
  const { why: _, ...itself } = thing;
  return JSON.stringify(itself);
}
