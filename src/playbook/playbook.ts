import type { Place } from '../source/mistakes.ts';
import type { Value, ValueMap } from '../source/value.ts';

/** A playbook in complete form: every default filled in, every inheritance resolved, templates still unrendered. */
export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
}

export interface Play {
  readonly name: string;
  /** From 1. */
  readonly number: number;
  readonly place: Place;
  /** A host pattern, templated from extra vars and play vars. A list is joined by commas. */
  readonly hosts: string;
  /** As written: numbers or "N%" (templates allowed); empty: one batch. */
  readonly serial: readonly (number | string)[];
  /** Percent that may be exceeded by no task; 0 to 100. */
  readonly maxFailPercentage?: number | string;
  /** Hosts, or "N%" of the play's hosts, that may fail over the whole play; more stops it. */
  readonly maxFailures?: number | string;
  /** Things (`lost` in results) that may be lost over the whole play; more stops it. */
  readonly maxLost?: number | string;
  /** Waits after each batch until a person says to go on. */
  readonly pauseAfter?: 'batch';
  readonly order: 'inventory' | 'reverse_inventory' | 'sorted' | 'reverse_sorted' | 'shuffle' | 'ledger';
  readonly strategy: 'linear' | 'host_pinned';
  /** Hosts at a time; absent: the run's `--forks`. */
  readonly forks?: number | string;
  /** How long one host is expected to take: a duration. */
  readonly estimate?: string;
  /** Merged: vars under vars_files. */
  readonly vars: ValueMap;
  /** Paths as written, templated from extra vars and play vars. */
  readonly varsFiles: readonly { readonly path: string; readonly place: Place }[];
  readonly preTasks: readonly Item[];
  readonly tasks: readonly Item[];
  readonly postTasks: readonly Item[];
  readonly handlers: readonly Task[];
}

export type Item = Task | Block;

export interface Block {
  readonly kind: 'block';
  /** Stable address in the playbook, such as `1.tasks.3`. */
  readonly id: string;
  readonly name: string;
  readonly place: Place;
  readonly window?: Window;
  readonly block: readonly Item[];
  readonly rescue: readonly Item[];
  readonly always: readonly Item[];
  /** Only in a window: runs whatever happened in it, an unreachable host included. */
  readonly mustFinish: readonly Item[];
}

/** A block that is not interrupted on its host. */
export interface Window {
  readonly name: string;
  /** Absent: it is not interrupted, and has no deadline. */
  readonly timed?: Timed;
}

/** A window's deadline. Durations (`15m`, seconds) as written; templates allowed. */
export interface Timed {
  readonly length: string;
  /** Kept of the length for `must_finish`. */
  readonly reserve: string;
  /** How long the block is expected to take, until hosts that are through have shown it. */
  readonly expected?: string;
  /** What the host does by itself when nobody has closed the window; or why it does nothing. */
  readonly guard: { readonly command: string } | { readonly none: string };
}

/** A task as it will run: what play and blocks say for it is already in it. */
export interface Task {
  readonly kind: 'task';
  /** Stable address in the playbook, such as `1.tasks.3.block.1`. */
  readonly id: string;
  /** Its name, or its action's where it has none; may hold templates. */
  readonly name: string;
  readonly place: Place;
  /** A known action's name, without prefix. */
  readonly action: string;
  /** As written, free form put in its place; templates unrendered. */
  readonly params: ValueMap;
  /** Bare expressions, all of which must hold: the blocks' first, then the task's. */
  readonly when: readonly (string | boolean)[];
  readonly loop?: Value;
  readonly register?: string;
  readonly until: readonly (string | boolean)[];
  /** Present when `until` or `retries` is written: attempts are retries + 1. */
  readonly retries?: number | string;
  /** Seconds. */
  readonly delay: number | string;
  readonly failedWhen?: readonly (string | boolean)[];
  readonly changedWhen?: readonly (string | boolean)[];
  readonly ignoreErrors: boolean | string;
  readonly ignoreUnreachable: boolean | string;
  readonly anyErrorsFatal: boolean | string;
  readonly runOnce: boolean | string;
  readonly delegateTo?: string;
  readonly notify: readonly string[];
  /** For handlers: other names it answers to. */
  readonly listen: readonly string[];
  readonly tags: readonly string[];
  /** Seconds for one attempt; 0: no limit. */
  readonly timeout: number | string;
  readonly noLog: boolean | string;
  /** Absent: as the run. */
  readonly checkMode?: boolean | string;
  readonly throttle?: number | string;
  /** The play's, blocks' and task's, later ones over earlier ones. */
  readonly environment: readonly Value[];
  /** The blocks' and the task's own, nearest last; the play's are in Play.vars. */
  readonly vars: ValueMap;
  readonly become: boolean | string;
  readonly becomeUser?: string;
  readonly becomeMethod?: string;
}
