/** How a started command ended, as far as its channel told. */
export type Ended =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'lost'; readonly reason: string };

/** A command that runs on a host, behind an SSH channel or as a child of ours. */
export interface Process {
  /** Called with every piece of output; set once, before anything can have come. */
  onOutput(listener: (stream: 'stdout' | 'stderr', bytes: Buffer) => void): void;
  /** Resolves false when the command reads no more. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** End of its input. */
  end(): void;
  /** Resolves when it has ended and all its output has come. */
  readonly ended: Promise<Ended>;
  /** Gives up on it: no more output comes, `ended` resolves. */
  close(): void;
}

export type Started =
  | { readonly ok: true; readonly process: Process }
  | { readonly ok: false; readonly kind: 'unreachable' | 'lost' | 'aborted'; readonly reason: string };

/** Where commands can be started. */
export interface Launcher {
  /** The user that commands run as without become, as far as it is known. */
  readonly user: string | undefined;
  /** `command` is for the login shell, whichever that is. `terminal`: sudo insists on one; its output is one stream then. */
  start(
    command: string,
    options: { readonly terminal: boolean; readonly abort?: AbortSignal | undefined },
  ): Promise<Started>;
  /** The connection does not answer: use a new one from now on. */
  renew(): void;
}

/**
 * A command has ended when its channel is closed. A child that it left in the background may hold the channel open for
 * good, so once the exit is known and nothing has come for this long, that is the end, as in Ansible.
 */
export const LINGER_MS = 1000;
