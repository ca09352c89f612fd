import type { ValueMap } from '../source/value.ts';

/** What a step came to. `refused`: a gate said no and nothing was done. */
export type Status = 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable' | 'refused';

/** Which step: a task on a host in a batch. `playNumber` and `batch` count from 1. */
export interface StepAddress {
  readonly play: string;
  readonly playNumber: number;
  readonly batch: number;
  readonly host: string;
  /** The task's name as people read it, rendered. */
  readonly task: string;
  /** The task's stable address in the plan. */
  readonly taskId: string;
  /** For handlers: the place in the play where they were flushed, since one may run at several. */
  readonly flushedAt?: number;
}

interface BatchAddress {
  readonly play: string;
  readonly playNumber: number;
  readonly batch: number;
}

/** Who gave an order, and where they sat. */
export interface Actor {
  readonly user: string;
  readonly bastion: string;
  readonly terminal?: string;
}

/** What an operator says of one host; `task` is absent where it is of all that is left to do on it in the play. */
export type HostOrder = {
  /** Taken as complete; begun again; left out from here on; tried again where it failed. */
  readonly type: 'host_forced' | 'host_restarted' | 'host_skipped' | 'host_retried';
  readonly host: string;
  readonly task?: string;
  readonly taskId?: string;
  readonly reason: string;
  readonly by: Actor;
} & BatchAddress;

/** What an operator says to a run, as it stands in its journal. */
export type Order =
  /** Nothing new begins until somebody says to go on. Without `by` the plan itself said so (`pause_after`). */
  | { readonly type: 'run_paused'; readonly reason: string; readonly by?: Actor }
  | { readonly type: 'run_continued'; readonly reason: string; readonly by: Actor }
  /** The run ends as soon as it may, and goes on, resumed, only when somebody says so. */
  | { readonly type: 'run_aborted'; readonly reason: string; readonly by: Actor }
  | HostOrder;

/** Everything that can happen in a run: journal, terminal, JSON stream, host logs and resume all live on these. */
export type RunEvent =
  | {
      readonly type: 'run_started';
      readonly version: 1;
      readonly run: string;
      readonly plan: string;
      /** Digest of what the hosts had said when the plan was approved. */
      readonly observed?: string;
      readonly playbook: string;
      readonly hosts: number;
      /** A dry run: hosts are asked, and nothing is done. */
      readonly check?: true;
      readonly rollgate: string;
      readonly operator: string;
      readonly bastion: string;
      /** Where rollgate was called: relative paths in the plan begin here. */
      readonly folder: string;
      /** What was given by `-i`, and the files given by `-e @file`: where secrets are read again. */
      readonly sources: { readonly inventory: readonly string[]; readonly variables: readonly string[] };
    }
  | {
      readonly type: 'run_resumed';
      readonly run: string;
      readonly operator: string;
      readonly bastion: string;
      readonly answer?: 'assume-done' | 'redo';
      /** Why that answer is right. */
      readonly reason?: string;
      /** The only hosts that this leg of the run is about, but for open windows. */
      readonly only?: readonly string[];
      /** The plan that takes the place of the one before, where it was made anew. */
      readonly plan?: string;
    }
  | { readonly type: 'play_started'; readonly play: string; readonly playNumber: number; readonly hosts: number }
  | ({ readonly type: 'batch_started'; readonly hosts: readonly string[] } & BatchAddress)
  /** A host was turned away before anything was done to it. */
  | ({ readonly type: 'host_refused'; readonly host: string; readonly reason: string } & BatchAddress)
  | ({ readonly type: 'step_started' } & StepAddress)
  /** A command of the step is about to be sent; `command` is masked for people. `where` is set when it is not the host itself. */
  | ({
      readonly type: 'command_started';
      readonly command: string;
      readonly purpose: 'probe' | 'work' | 'verify';
      readonly where?: string;
    } & StepAddress)
  /** A piece of output as it came, masked. Goes to the host's log and to whoever watches, not to the journal. */
  | ({ readonly type: 'command_output'; readonly stream: 'stdout' | 'stderr'; readonly text: string } & StepAddress)
  | ({ readonly type: 'command_finished'; readonly outcome: string; readonly ms: number } & StepAddress)
  | ({
      readonly type: 'step_retried';
      readonly attempt: number;
      readonly of: number;
      readonly delayMs: number;
      readonly reason: string;
    } & StepAddress)
  | ({
      readonly type: 'step_finished';
      readonly status: Status;
      readonly ignored: boolean;
      readonly rescued: boolean;
      readonly ms: number;
      readonly noLog: boolean;
      readonly notified: readonly string[];
      /** In a block: it only asked, so that a refusal after it leaves nothing to put right. */
      readonly reads?: true;
      readonly result: ValueMap;
    } & StepAddress)
  | ({
      readonly type: 'window_opened' | 'window_closed';
      readonly window: string;
      readonly host: string;
      /** How long it may last on the host, once opened; absent: it has no deadline. */
      readonly lengthMs?: number;
    } & BatchAddress)
  /** Nothing new is started from here on; `reason` is for people. */
  | {
      readonly type: 'stopping';
      readonly scope: 'batch' | 'play' | 'run';
      readonly why: 'budget' | 'interrupted' | 'fatal' | 'cutoff';
      readonly reason: string;
      readonly playNumber?: number;
      readonly batch?: number;
    }
  | ({ readonly type: 'batch_finished' } & BatchAddress)
  | { readonly type: 'play_finished'; readonly play: string; readonly playNumber: number }
  /** When the last host of a play will be done, at the pace of those that are. Goes to whoever watches, not to the journal. */
  | {
      readonly type: 'forecast';
      readonly play: string;
      readonly playNumber: number;
      /** How many hosts it goes by, and how many are left. */
      readonly done: number;
      readonly left: number;
      readonly perHostMs: number;
      readonly lastDoneAt: string;
      /** Hosts whose time, by the ledger, is up before it is their turn. */
      readonly late: readonly string[];
    }
  /** Lines of the journal could not be read and were left out: whatever came next on a host may have been begun, and may be over. */
  | { readonly type: 'journal_salvaged'; readonly lines: readonly number[]; readonly kept: string }
  /** Something an operator should know that is neither progress nor failure. */
  | { readonly type: 'warning'; readonly message: string; readonly host?: string }
  | Order
  | { readonly type: 'run_finished'; readonly exitCode: number; readonly reason: string };

/** An event with its time, ISO-8601 UTC with milliseconds, as it stands in the journal and in the JSON stream. */
export type Stamped<E extends RunEvent = RunEvent> = E & { readonly at: string };
