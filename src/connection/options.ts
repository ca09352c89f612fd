/** How hosts are reached, for all connections of a run. What is absent has the default named here. */
export interface ConnectionOptions {
  /** Absent: as ssh_config says for each host, else `strict`: there is nobody to ask. */
  readonly hostKeyChecking?: HostKeyChecking;
  /** Absent: as ssh_config says, else `~/.ssh/known_hosts{,2}` and `/etc/ssh/ssh_known_hosts{,2}`. New keys go to the first. */
  readonly knownHostsFiles?: readonly string[];
  /** Absent: `~/.ssh/config`, then `/etc/ssh/ssh_config`, where they exist. `none`: no file at all. */
  readonly sshConfigFile?: string;
  readonly home: string;
  /** The name of the user that rollgate runs as: who logs in where nothing else is said. */
  readonly localUser: string;
  /** For SSH_AUTH_SOCK and `${…}` in ssh_config. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For each phase: TCP, banner and key exchange, each attempt at authentication. Absent: 10 000. */
  readonly connectTimeoutMs?: number;
  /** How often a refused, reset or early closed connection is tried in all. Absent: 6, over about 15 seconds. */
  readonly connectAttempts?: number;
  /** From 0 up to 1, for the jitter of the waits between attempts. */
  readonly random: () => number;
  /** Something the operator should know and that stops nothing. */
  readonly warn: (message: string) => void;
}

export type HostKeyChecking = 'strict' | 'accept-new' | 'off';

/** A mistake in ssh_config or in SSH arguments. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly place?: Place;
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly excerpt?: string;
}
