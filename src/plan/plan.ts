import type { Task, Window } from '../playbook/playbook.ts';
import type { ValueMap } from '../source/value.ts';

export type { Timed } from '../playbook/playbook.ts';

/** What will run, as a value: printed for review, saved, run, resumed. Holds no clock, folder, user or secret. */
export interface Plan {
  readonly version: 1;
  /** `sha256:` and the digest of the RFC 8785 form of everything else in here. */
  readonly id: string;
  readonly playbook: string;
  /** Every file that was read to make it, and every file that tasks will upload, as far as their names are known. */
  readonly inputs: readonly Input[];
  readonly options: PlanOptions;
  /** Of the shuffle, where a play's order is one. */
  readonly seed?: number;
  readonly inventory: PlannedInventory;
  readonly plays: readonly PlannedPlay[];
}

export interface Input {
  readonly path: string;
  readonly role: 'playbook' | 'inventory' | 'variables' | 'upload' | 'limit';
  readonly sha256: string;
}

export interface PlanOptions {
  readonly limit?: string;
  readonly forks: number;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  /** No host is begun before, and after: ISO 8601, UTC. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Values of secret names are masked (see `secrets.ts`) and read again when the plan is run. */
  readonly extraVars: ValueMap;
}

export interface PlannedInventory {
  readonly hosts: Readonly<Record<string, { readonly vars: ValueMap; readonly groups: readonly string[] }>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

export interface PlannedPlay {
  readonly name: string;
  readonly number: number;
  /** The pattern as it was used. */
  readonly pattern: string;
  readonly batches: readonly Batch[];
  /** The play's hosts as the pattern names them, where `order` puts them otherwise. */
  readonly hostsAsNamed?: readonly string[];
  readonly strategy: 'linear' | 'host_pinned';
  readonly forks: number;
  /** With `order: ledger`: the hosts of which the ledger knows no end, and which therefore come last. */
  readonly withoutEnd?: readonly string[];
  /** How long one host is expected to take. */
  readonly estimateMs?: number;
  /** Percent of a batch. */
  readonly maxFailPercentage?: number;
  /** Hosts of the play. */
  readonly maxFailures?: number;
  /** Things that steps say were lost. */
  readonly maxLost?: number;
  /** Waits for a person's word after each batch that another follows, or after the first of them. */
  readonly pauseAfter?: 'batch' | 'first_batch';
  readonly vars: ValueMap;
  /** In the order of the playbook, those that tags leave out left out; the block tree is in their `blocks`. */
  readonly tasks: readonly PlannedTask[];
}

/** One slice of `serial`. */
export interface Batch {
  /** From 1 in its play. */
  readonly number: number;
  readonly hosts: readonly string[];
}

export type Section = 'pre_tasks' | 'tasks' | 'post_tasks' | 'handlers';

export interface PlannedTask extends Omit<Task, 'kind' | 'place'> {
  readonly section: Section;
  /** Outermost first. */
  readonly blocks: readonly BlockPart[];
  /** `file:line:column` of the task, for messages. */
  readonly at: string;
}

/** The part of a block that a task stands in. */
export interface BlockPart {
  readonly id: string;
  readonly name: string;
  readonly part: 'block' | 'rescue' | 'always' | 'must_finish';
  readonly window?: Window;
}
