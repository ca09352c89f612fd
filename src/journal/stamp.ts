import type { RunEvent, Stamped } from './event.ts';

/** An event with its time, its type first: as it stands in the journal and in the JSON stream. */
export function stamp<E extends RunEvent>(event: E, at: Date): Stamped<E> {
  return Object.assign({ type: event.type, at: at.toISOString() }, event);
}
