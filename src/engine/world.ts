import type { Bastion, Clock } from '../actions/action.ts';
import type { Note } from '../actions/ledger/note.ts';
import type { Connections } from '../connection/connection.ts';
import type { Expressions } from '../expressions/expressions.ts';
import type { RunEvent } from '../journal/event.ts';
import type { Transferred } from '../shell/outcome.ts';

/** Everything the engine reaches the world by. Tests and simulations bring their own. */
export interface World {
  /** The run, and who does it where, as it stands in what is left on a host. */
  readonly run: string;
  readonly connections: Connections;
  readonly bastion: Bastion;
  /** Writes a file of this machine, whole or not at all. */
  keep(path: string, bytes: Uint8Array): Promise<Transferred>;
  readonly clock: Clock;
  readonly expressions: Expressions;
  /** Puts an event into the journal and shows it. Resolves when it is on disk; false when the disk failed. */
  record(event: RunEvent): Promise<boolean>;
  /** Shows an event that need not be on disk before anything else happens. */
  report(event: RunEvent): void;
  /** Keeps a note of a host beyond the run. Resolves when it is on disk, or with why it is not. */
  note(host: string, note: Note): Promise<string | undefined>;
  /** Whether a person can be asked, and the question. */
  readonly operator: Operator;
  /** A path in a playbook as a path on this machine. */
  localPath(path: string): string;
}

export interface Operator {
  /** Shows a prompt and waits for Enter or for the time to pass; `typed` is what was typed. Absent seconds: no limit. */
  pause(
    prompt: string,
    options: { readonly seconds?: number; readonly echo: boolean; readonly abort: AbortSignal },
  ): Promise<{ readonly kind: 'continue'; readonly typed: string } | { readonly kind: 'nobody' | 'aborted' }>;
  /** What to do about a step of which nobody knows whether it ran. `nobody`: no terminal and no answer given beforehand. */
  resolve(question: string): Promise<'assume-done' | 'redo' | 'nobody'>;
}
