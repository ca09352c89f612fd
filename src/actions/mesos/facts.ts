/** The agent of a host, as the host itself shows it. */
export interface Agent {
  /** The unit that is there: the private agents' or the public agents'. */
  readonly unit: string;
  /** systemd's ActiveState. */
  readonly state: string;
  /** 0: no process. */
  readonly pid: number;
  /** Clock ticks after the boot at which the process began (/proc/PID/stat, field 22); 0: no process. */
  readonly start: number;
  /** Tells one start of the agent from another, across reboots too. */
  readonly instance: string;
  /** Whether something listens on the agent's port. */
  readonly listening: boolean;
}

/** A connection of an executor to the agent's port, in state ESTABLISHED. */
export interface AgentLink {
  readonly fd: number;
  readonly inode: number;
  /** The executor's own port. */
  readonly localPort: number;
}

/**
 * `linked`: it has its link. `waiting`: it has none and listens, as one does that waits to be taken back. `unlinked`:
 * neither; nobody knows.
 */
export type Standing = 'linked' | 'waiting' | 'unlinked';

export interface Executor {
  readonly pid: number;
  /** Clock ticks after the boot; with pid and id, who it is, since pids recycle. */
  readonly start: number;
  readonly id: string;
  readonly framework: string;
  /** The kernel's name of it, at most 15 bytes. */
  readonly comm: string;
  readonly argv: readonly string[];
  /** It speaks HTTP with the agent, has two links, and comes back by itself. */
  readonly http: boolean;
  readonly checkpoint: boolean;
  /** As in its environment, such as `15mins`; absent without checkpointing. */
  readonly recoveryTimeout?: string;
  readonly standing: Standing;
  readonly links: readonly AgentLink[];
}

/** Who an executor is: the same pid may be another process tomorrow. */
export function identityOf({ pid, start, id }: Pick<Executor, 'pid' | 'start' | 'id'>): string {
  return `${pid}/${start}/${id}`;
}

/** An executor in a message: its name may hold anything and is printable by now. */
export function named({ id, pid }: Pick<Executor, 'id' | 'pid'>): string {
  return `"${id}" (pid ${pid})`;
}
