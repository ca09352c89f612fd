export interface ExecutorSpec {
  /** The executor's id; for command and docker executors also the task's name. Bytes as characters below 256. */
  readonly id: string;
  /** `http`: a command executor that speaks HTTP, with two links, which comes back by itself. */
  readonly kind?: 'command' | 'docker' | 'custom' | 'http';
  /** Default: true. */
  readonly checkpoint?: boolean;
  /** As in MESOS_RECOVERY_TIMEOUT; whole minutes. Default: 15. */
  readonly recoveryMinutes?: number;
  /** How long its link to the agent has been silent. Default: 6 days, which connection tracking has forgotten. */
  readonly idleDays?: number;
  /** A task of it that is not handed to it yet. */
  readonly queuedTask?: string;
  /** It was left in the cgroup of the agent's unit. */
  readonly inAgentsCgroup?: boolean;
  /** Its link was shut before anybody came: it waits for the agent. */
  readonly alreadyWaiting?: boolean;
}

/** A host as a test wants it. Whatever is left out is in good order. */
export interface HostSpec {
  readonly name: string;
  /** `none`: no agent runs here. */
  readonly agent?: 'private' | 'public' | 'none';
  readonly executors?: readonly ExecutorSpec[];
  /** RexRay runs here; the volumes that running containers have, one each. */
  readonly rexray?: { readonly volumes: readonly string[] };
  /** Ids of images that Docker has. */
  readonly images?: readonly string[];
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Refuses TCP from the start. */
  readonly down?: boolean;
  /** Real milliseconds that every command takes longer. */
  readonly slowMs?: number;
  readonly sftp?: boolean;
  readonly loginPassword?: string;
  /** sudo asks for it. */
  readonly sudoPassword?: string;
  readonly dockerDown?: boolean;
  /** The agent wants a token. */
  readonly httpUnauthorized?: boolean;
  /** What the unit starts, where that is a script which sets the agent's attributes itself and starts it. */
  readonly startScript?: string;
  /** The attributes in the agent's settings file; its running process has `rack:a1`. */
  readonly attributesOnDisk?: string;
  /** Unit files were changed, and systemd was not told. */
  readonly needsDaemonReload?: boolean;
  /** Default: yes. */
  readonly clockSynchronised?: 'yes' | 'no';
  /** What `ping` of the unit's ExecStartPre says. Default: it answers. */
  readonly pingFails?: boolean;
  /** What df says of the one disk. Default: plenty. */
  readonly freeKib?: number;
  /** ptrace is forbidden. */
  readonly gdbCannotAttach?: boolean;
  /** Every shutdown() that gdb calls returns -1 and does nothing. */
  readonly shutdownFails?: boolean;
  /** gdb stays attached so long that the executor misses the agent's recovery. */
  readonly gdbFreezes?: boolean;
  /** Seconds on the host's clock between the agent's end and its new start. Default: 3. */
  readonly restartSeconds?: number;
  /** `systemctl restart` does not return until the agent's process is killed. */
  readonly restartHangs?: boolean;
  /** The agent's start fails. */
  readonly agentStaysDown?: boolean;
}
