/** The agent of a host, as the host itself shows it. What could not be read is absent. */
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
  /** What the masters know it by: the target of `meta/slaves/latest`, else what it says itself. */
  readonly id?: string;
  /** Whether `meta/slaves/latest` is there: without it the agent takes nobody back. */
  readonly latest?: boolean;
  /** Its flags, as they hold in the running process, by their names without dashes. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What would be another at its next start, since the files of its unit were changed. */
  readonly changedSettings?: readonly ChangedSetting[];
  /** What its unit starts, where that is a script which starts the agent. */
  readonly script?: string;
  readonly service?: Service;
  /** Lines of /proc/PID/cgroup. */
  readonly cgroups?: readonly string[];
}

export interface ChangedSetting {
  readonly name: string;
  /** Absent: the running agent does not have it. */
  readonly running?: string;
  /** Absent: the files do not have it. */
  readonly onDisk?: string;
}

/** The agent's unit, in systemd's words. */
export interface Service {
  readonly killMode: string;
  readonly delegate: string;
  readonly restart: string;
  readonly timeoutStop: string;
  readonly needDaemonReload: string;
  readonly controlGroup: string;
  readonly execStartPre: readonly string[];
}

/** A connection of an executor to the agent's port, in state ESTABLISHED. */
export interface AgentLink {
  readonly fd: number;
  readonly inode: number;
  /** The executor's own port. */
  readonly localPort: number;
  /** How long nothing went over it; absent where there is no ss. */
  readonly idleSeconds?: number;
  /** How long connection tracking will remember it, or that it has forgotten it; absent where that cannot be read. */
  readonly trackedSeconds?: number | 'none';
}

/**
 * `linked`: it has its link. `waiting`: it has none and listens, as one does that waits to be taken back. `unlinked`:
 * neither; nobody knows.
 */
export type Standing = 'linked' | 'waiting' | 'unlinked';

export interface Task {
  readonly id: string;
  readonly name: string;
  /** As in TASK_RUNNING. */
  readonly state: string;
}

export interface Executor {
  readonly pid: number;
  /** Clock ticks after the boot; with pid and id, who it is, since pids recycle. */
  readonly start: number;
  readonly id: string;
  readonly framework: string;
  /** The kernel's name of it, at most 15 bytes. */
  readonly comm: string;
  readonly argv: readonly string[];
  /** It speaks HTTP with the agent, and comes back by itself. */
  readonly http: boolean;
  readonly checkpoint: boolean;
  /** Whether its environment says whether it checkpoints. */
  readonly checkpointKnown?: boolean;
  /** As in its environment, such as `15mins`; absent without checkpointing. */
  readonly recoveryTimeout?: string;
  readonly recoveryTimeoutSeconds?: number;
  readonly standing: Standing;
  readonly links: readonly AgentLink[];
  readonly user?: string;
  readonly ageSeconds?: number;
  /** '' where neither its mappings nor its path tell. */
  readonly libmesos?: string;
  readonly libc?: Libc;
  readonly exe?: { readonly path: string; readonly deleted: boolean };
  readonly cgroups?: readonly string[];
  /** Not the agent's. */
  readonly ownNetwork?: boolean;
  readonly ownMounts?: boolean;
  readonly sandbox?: string;
  readonly container?: Container;
  /** As the agent says; absent where it does not answer. */
  readonly tasks?: readonly Task[];
  /** Not handed to the executor yet. */
  readonly queued?: readonly Task[];
}

/**
 * The C library in an executor. `replaced`: the file on disk is another than the one that is mapped, so an address
 * that is read from it is wrong.
 */
export interface Libc {
  readonly path: string;
  readonly state: 'on disk' | 'replaced' | 'unknown';
}

/** A Docker container: both tell who it is, since it may be started anew under its id. */
export interface Container {
  readonly id: string;
  readonly startedAt: string;
}

/** Who an executor is: the same pid may be another process tomorrow. */
export function identityOf({ pid, start, id }: Pick<Executor, 'pid' | 'start' | 'id'>): string {
  return `${pid}/${start}/${id}`;
}

/** An executor in a message: its name may hold anything and is printable by now. */
export function named({ id, pid }: Pick<Executor, 'id' | 'pid'>): string {
  return `"${id}" (pid ${pid})`;
}
