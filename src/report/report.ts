import type { Stamped } from '../journal/event.ts';

/** Shows events as they happen. Never throws and never holds a run up. */
export interface Report {
  onEvent(event: Stamped): void;
  /** After the last event: resolves when everything is shown and nothing is left open. */
  finish(): Promise<void>;
}
