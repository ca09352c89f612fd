import type { Outcome, Transferred } from '../shell/outcome.ts';
import type { Script, Secret } from '../shell/script.ts';

/** Where a step's commands go, with everything that distinguishes one connection from another. */
export type Target = LocalTarget | SshTarget;

export interface LocalTarget {
  readonly kind: 'local';
}

export interface SshTarget {
  readonly kind: 'ssh';
  /** The inventory's name of the host, for messages. */
  readonly name: string;
  /** As given by ansible_host or the inventory name; ~/.ssh/config may say more. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: Secret;
  readonly privateKeyFile?: string;
  readonly privateKeyPassphrase?: Secret;
  /** ansible_ssh_common_args and ansible_ssh_extra_args, as written: `-o ProxyJump=bastion -J … -o Key=Value`. */
  readonly sshArgs?: string;
}

export interface Become {
  readonly method: 'sudo';
  readonly user: string;
  readonly password?: Secret;
}

export interface RunOptions {
  readonly become?: Become;
  readonly environment?: Readonly<Record<string, string | Secret>>;
  readonly chdir?: Script;
  readonly stdin?: Uint8Array | Secret;
  /** Milliseconds from the sending of the command; nothing is left running on the host after it. Absent: no limit. */
  readonly timeoutMs?: number;
  /** Output as it comes. The same bytes stand in the outcome. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  /** Ends the command as a timeout does. */
  readonly abort?: AbortSignal;
}

export interface UploadOptions {
  readonly become?: Become;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  readonly timeoutMs?: number;
  readonly abort?: AbortSignal;
  /** Bytes sent so far, for people who wait for a large file. */
  readonly onProgress?: (sent: number, total: number) => void;
}

/** A host that commands can be sent to. Opened at the first use, reopened when it has dropped between commands. */
export interface Connection {
  run(script: Script, options: RunOptions): Promise<Outcome>;
  /** Writes a file beside `path` and renames it over it: nobody ever sees half of it. */
  upload(from: Uint8Array | { readonly file: string }, path: string, options: UploadOptions): Promise<Transferred>;
  /**
   * Writes what the host lacks of a file, of which it has the first `start` bytes at `path`, and goes on where it was when
   * the connection breaks. What was written stays, whatever happens: whoever reads it checks it first.
   */
  append(
    from: { readonly file: string; readonly start: number },
    path: string,
    options: Omit<UploadOptions, 'mode'>,
  ): Promise<Transferred>;
  /** Fetches a file into `to`, a path on the bastion, atomically too. */
  download(path: string, to: string, options: Omit<UploadOptions, 'mode'>): Promise<Transferred>;
}

/** All connections of a run. */
export interface Connections {
  /** The connection for a target; the same object for the same target. Does not connect yet. */
  to(target: Target): Connection;
  /**
   * Where a TCP connection from this machine would have to go, ssh_config considered; undefined where there is none to
   * make: this machine itself, a host behind a jump or a ProxyCommand.
   */
  reach(target: Target): { readonly address: string; readonly port: number } | undefined;
  close(): Promise<void>;
}
