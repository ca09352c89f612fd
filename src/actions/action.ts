import type { z } from 'zod';
import type { Outcome, Transferred } from '../shell/outcome.ts';
import type { Script, Secret } from '../shell/script.ts';
import type { Value, ValueMap } from '../source/value.ts';
import type { Note } from './ledger/note.ts';

/**
 * One kind of task. `probe` asks the host read-only questions; `decide` is pure and gives the work still needed;
 * `verify` looks at what a second probe found and says whether the work took. A dry run stops after `decide`; a resumed
 * run probes to learn whether an interrupted step took.
 */
export interface Action<P = unknown, F = unknown> {
  readonly kind: 'host';
  /** Ansible's name where Ansible has one, without `ansible.builtin.`. */
  readonly name: string;
  /** What it does, in a sentence, for `docs/` and the plan. */
  readonly summary: string;
  /** A strict object of complete, rendered parameters. Its keys are Ansible's (snake_case). Accepts aliases by preprocessing. */
  readonly params: z.ZodType<P>;
  /** The key that free form text belongs to: `command: uptime`. */
  readonly freeForm?: string;
  /** Keys that hold bare expressions; they arrive as `Judged` values. */
  readonly expressions?: readonly string[];
  /** What such an expression is said to be where it is not defined, instead of a failure. */
  readonly whenUndefined?: Value;
  /** Whether doing it again is harmless, and whether the host can tell that it was done. */
  effect(params: P): Effect;
  /** The commands that it sends unless the host says that it is so already. Absent: they depend on what the host answers. */
  foretold?(params: P): readonly HostCommand[];
  /** What cannot be taken back once it has begun, for those who approve it. */
  readonly noReturn?: string;
  /** What it has begun goes on by itself on the host; taken again, it finds that and follows it. */
  readonly followsUp?: true;
  /** Files of the bastion that it reads: paths as written, resolved against the playbook's folder. */
  localFiles?(params: P): readonly string[];
  probe(params: P, host: Asked): Promise<Probed<F>>;
  decide(params: P, facts: F): Decision;
  /** Why the work did not take, or undefined when it did. Absent: the work's own results are all there is to know. */
  verify?(params: P, before: F, after: F): string | undefined;
  /** What of its host a plan's approval rests on. Absent: nothing. */
  readonly grounds?: Grounds;
}

/** What those who approve a plan have seen of a host, and what the run must still find there. Pure. */
export interface Grounds {
  /** From what the task registers. */
  of(result: ValueMap): ValueMap;
  compare(then: ValueMap, now: ValueMap): Drift;
}

export interface Drift {
  /** What was approved is not so any more: each thing with both values. */
  readonly against: readonly string[];
  /** What is only to be told. */
  readonly news: readonly string[];
}

/**
 * `reads`: changes nothing. `probed`: changes, and the probe can tell whether it took. `opaque`: changes, and nothing
 * can tell; after a crash a person is asked.
 */
export type Effect = 'reads' | 'probed' | 'opaque';

/** A kind of task that steers the run itself and touches no host: `meta`, `pause`. The engine knows each by name. */
export interface SteeringAction<P = unknown> {
  readonly kind: 'steering';
  readonly name: 'meta' | 'pause';
  readonly summary: string;
  readonly params: z.ZodType<P>;
  readonly freeForm?: string;
}

/** A bare expression, evaluated before the action is asked. */
export interface Judged {
  readonly expression: string;
  readonly value: Value;
}

/** What a task registers: Ansible's names where Ansible has them. */
export interface Result {
  readonly changed: boolean;
  readonly failed?: boolean;
  readonly skipped?: boolean;
  readonly unreachable?: boolean;
  /** A gate says no: nothing was done, and the host goes no further. Not an error: nothing ignores or rescues it. */
  readonly refused?: boolean;
  /** What the gate looked at, each passed or not, with its figures. */
  readonly checks?: readonly Check[];
  readonly msg?: Value;
  /** What is to be known of the host when the run is over: kept by the engine once the step is done. */
  readonly ledger?: Note & ValueMap;
  readonly [key: string]: Value | undefined;
}

/** One thing that a gate looked at. */
export interface Check extends ValueMap {
  readonly check: string;
  readonly passed: boolean;
  /** The figures, for people. */
  readonly why: string;
}

export type Probed<F> = { readonly ok: true; readonly facts: F } | Unanswered;

/** A question that got no answer: the host could not be asked (`outcome` says how), or it answered nonsense (`message`). */
export interface Unanswered {
  readonly ok: false;
  readonly message: string;
  readonly outcome?: Outcome;
}

export type Answer =
  | { readonly ok: true; readonly code: number; readonly stdout: string; readonly stderr: string }
  | Unanswered;

/** What a probe may do: ask its host, look at the bastion's own files, reach out from the bastion, wait. Changes nothing. */
export interface Asked {
  /** Runs a read-only script as the task's user; any exit code is an answer. */
  ask(script: Script): Promise<Answer>;
  /** Its name in the inventory. */
  readonly host: string;
  /** The run, and who does it where, as it stands in what is left on a host. */
  readonly run: string;
  /** Its SSH port, as it is reached from the bastion; undefined for the bastion itself and behind a jump host. */
  reach(): { readonly address: string; readonly port: number } | undefined;
  readonly bastion: Bastion;
  readonly clock: Clock;
  /** Under check mode nothing may be waited for. */
  readonly check: boolean;
  /** A path in the playbook (what is sent, where fetched files go) as a path on the bastion. */
  localPath(path: string): string;
}

/** The machine rollgate runs on, as far as probes may use it. */
export interface Bastion {
  readonly ledger: KnownOfHosts;
  /** The bytes of a local file and its permission bits, or why not. */
  read(
    path: string,
  ): Promise<
    | { readonly ok: true; readonly bytes: Uint8Array; readonly mode?: number }
    | { readonly ok: false; readonly why: string }
  >;
  /** SHA-256 of a local file, or of its first bytes, and its whole size, or why not. For files too large to be read at once. */
  digest(
    path: string,
    first?: number,
  ): Promise<
    | { readonly ok: true; readonly sha256: string; readonly bytes: number }
    | { readonly ok: false; readonly why: string }
  >;
  /** One ICMP echo by the system's ping. `no-tool`: there is no ping to try with. */
  icmp(
    address: string,
    timeoutMs: number,
  ): Promise<{ readonly kind: 'alive' } | { readonly kind: 'silent' | 'no-tool'; readonly why: string }>;
  /** Opens and closes a TCP connection. */
  tcp(
    address: string,
    port: number,
    timeoutMs: number,
  ): Promise<{ readonly kind: 'open' } | { readonly kind: 'closed'; readonly why: string }>;
  /** One HTTP GET. Redirects are not followed. `ca`: certificates (PEM) to trust instead of the system's. */
  http(question: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string | Secret>>;
    readonly ca?: Uint8Array;
    readonly timeoutMs: number;
  }): Promise<
    | { readonly kind: 'answered'; readonly status: number; readonly location?: string; readonly body: string }
    | { readonly kind: 'silent'; readonly why: string }
  >;
}

/** What outlives runs, by a host's name in the inventory. */
export interface KnownOfHosts {
  /** What was noted last of the machine under a name; undefined: nothing. */
  latest(host: string, name: string): Probed<Note | undefined>;
  /** When the last step on the host ended in this run: what it saw was so then, however long the run lay broken since. */
  seenAt(host: string): Date | undefined;
}

export interface Clock {
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** The wall clock, for what people read. */
  now(): Date;
  /** Resolves after so many milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, abort?: AbortSignal): Promise<void>;
}

export type Decision =
  /** Nothing (more) to do on the host: it was a question, it is so already, or it cannot be (`result.failed`). */
  | { readonly kind: 'settled'; readonly result: Result }
  | {
      readonly kind: 'work';
      /** In order; the first that does not succeed ends the sequence. */
      readonly commands: readonly HostCommand[];
      /** What would change, for `--diff`. */
      readonly diff?: { readonly before: string; readonly after: string };
      /** What it will register, where that is known before: for dry runs. Absent: only that something changes. */
      readonly foreseen?: Result;
      /** Pure: what to register, from the outcomes of those commands that ran. */
      readonly conclude: (done: readonly Done[]) => Result;
    };

/** Something to be done on the host, as data, so that it can be printed instead of done. */
export type HostCommand = Order & {
  /** It may be sent again when the connection broke: it only looks, or it finds what it has begun. */
  readonly again?: true;
};

type Order =
  | { readonly kind: 'run'; readonly script: Script; readonly stdin?: Uint8Array | Secret; readonly chdir?: Script }
  | {
      readonly kind: 'upload';
      readonly from: Uint8Array | { readonly file: string };
      readonly to: string;
      readonly mode: number;
    }
  /**
   * Sends what the host lacks of a large file. What came stays there when the connection breaks, so that the next attempt
   * goes on: the path is nobody else's, and what lies there is checked before it is used.
   */
  | { readonly kind: 'append'; readonly from: { readonly file: string; readonly start: number }; readonly to: string }
  | { readonly kind: 'download'; readonly from: string; readonly to: string }
  /** Writes a file of the bastion. */
  | { readonly kind: 'keep'; readonly bytes: Uint8Array; readonly to: string };

/** How a command went, with the wall clock's times for `start`, `end`, `delta`. */
export interface Done {
  readonly outcome: Outcome | Transferred;
  readonly startedAt: Date;
  readonly endedAt: Date;
}
