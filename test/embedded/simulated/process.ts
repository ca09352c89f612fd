/** A process as /proc shows it. */
export interface Process {
  readonly pid: number;
  readonly ppid: number;
  readonly user: string;
  /** Clock ticks (1/100 s) after the boot. */
  readonly startTicks: number;
  /** At most 15 bytes, as the kernel keeps it. */
  readonly comm: string;
  readonly argv: readonly string[];
  /** `NAME=value`; bytes as characters below 256, since names on a host may be anything. */
  readonly environment: readonly string[];
  /** Its systemd cgroup; absent: the executors' slice. */
  readonly cgroup?: string;
  /** What each file descriptor links to. */
  readonly fds: Map<number, string>;
}

/** A TCP socket as /proc/net/tcp shows it. */
export interface TcpSocket {
  readonly inode: number;
  readonly state: 'ESTABLISHED' | 'LISTEN' | 'TIME_WAIT';
  readonly local: Endpoint;
  readonly peer: Endpoint;
  /** Absent for TIME_WAIT. */
  readonly pid?: number;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The lowest free descriptor from `from` on, as the kernel would give it. */
export function addFd(process: Process, target: string, from = 0): number {
  let fd = from;
  while (process.fds.has(fd)) fd++;
  process.fds.set(fd, target);
  return fd;
}
