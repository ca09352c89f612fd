import { InMemoryFs, MountableFs } from 'just-bash';
import { HostClock } from './host-clock.ts';
import { type Machine, Mesos } from './mesos.ts';
import { ProcFiles } from './proc-files.ts';
import { addFd, type Process, type TcpSocket } from './process.ts';
import { type Rexray, rexrayOf } from './rexray.ts';
import type { HostSpec } from './spec.ts';

export type { ExecutorSpec, HostSpec } from './spec.ts';

/** The agent's EnvironmentFile. */
export const SETTINGS = '/opt/mesosphere/etc/mesos-slave';

let hostsMade = 0;

/** A host that exists in memory: files, processes, sockets, an agent with its executors, a Docker. */
export class SimulatedHost implements Machine {
  readonly spec: HostSpec;
  readonly clock = new HostClock();
  readonly address: string;
  readonly bootId: string;
  /** What is on disk; `fs` has /proc too. */
  readonly files: InMemoryFs;
  readonly fs: MountableFs;
  readonly mesos: Mesos | undefined;
  readonly images: Set<string>;
  readonly rexray: Rexray | undefined;
  /** Names of containers that run. */
  readonly containers = new Set<string>();
  /** Locks that `flock` holds, by path, with the pid of the command. */
  readonly locks = new Map<string, number>();
  /** Units that systemd-run started and that have not ended, with their main process, where that is one to look at. */
  readonly transient = new Map<string, number>();
  readonly processes = new Map<number, Process>();
  readonly #sockets = new Map<number, TcpSocket>();
  readonly #commands = new Map<number, AbortController>();
  /** Links can be made only one after the other. */
  #remembered: Promise<void> = Promise.resolve();
  #lastPid = 1000;
  #lastInode = 40_000;
  #lastPort = 60_400;

  constructor(spec: HostSpec) {
    hostsMade += 1;
    this.spec = spec;
    this.address = `10.0.${hostsMade >> 8}.${hostsMade & 255}`;
    this.bootId = `b0070000-0000-4000-8000-${String(hostsMade).padStart(12, '0')}`;
    this.images = new Set(spec.images);
    this.rexray = spec.rexray === undefined ? undefined : rexrayOf(spec.rexray.volumes);
    this.files = new InMemoryFs(baseFiles(spec));
    this.fs = new MountableFs({ base: this.files });
    this.fs.mount('/proc', new ProcFiles(this));
    this.mesos = spec.agent === 'none' ? undefined : new Mesos(this);
    const attributes = spec.attributesOnDisk ?? (spec.startScript === undefined ? 'rack:a1' : undefined);
    this.files.writeFileSync(
      SETTINGS,
      `# made by the installer\nMESOS_WORK_DIR=/var/lib/mesos/slave\n${attributes === undefined ? '' : `MESOS_ATTRIBUTES="${attributes}"\n`}`,
    );
  }

  get sockets(): ReadonlyMap<number, TcpSocket> {
    return this.#sockets;
  }

  /** Pushes the host's clock on, and lets happen what was due by then. */
  advance(ms: number): void {
    this.clock.advance(ms);
    this.mesos?.settle();
  }

  /** The host's `sleep`: its own clock goes on in full, real time only a little. */
  async sleep(ms: number): Promise<void> {
    await pause(Math.min(ms, 5));
    this.advance(ms);
  }

  async hesitate(): Promise<void> {
    if (this.spec.slowMs !== undefined) await pause(this.spec.slowMs);
    this.mesos?.settle();
  }

  spawn(made: Omit<Process, 'pid' | 'startTicks' | 'fds'> & { readonly startedAgoMs?: number }): Process {
    const { startedAgoMs = 0, ...rest } = made;
    this.#lastPid += 1;
    const startTicks = Math.floor((this.clock.uptime() - startedAgoMs) / 10);
    const fds = new Map([0, 1, 2].map((fd) => [fd, '/dev/null'] as const));
    const process: Process = { ...rest, pid: this.#lastPid, startTicks, fds };
    this.processes.set(process.pid, process);
    return process;
  }

  end(pid: number): void {
    this.processes.delete(pid);
    for (const socket of [...this.#sockets.values()]) if (socket.pid === pid) this.close(socket.inode);
  }

  open(process: Process, made: Omit<TcpSocket, 'inode' | 'pid'>): TcpSocket {
    this.#lastInode += 7;
    const socket = { ...made, inode: this.#lastInode, pid: process.pid };
    this.#sockets.set(socket.inode, socket);
    // As seen on real executors: the first descriptors are taken, the link is 6 at first.
    addFd(process, `socket:[${socket.inode}]`, made.state === 'LISTEN' ? 5 : 6);
    return socket;
  }

  close(inode: number): void {
    const socket = this.#sockets.get(inode);
    if (socket === undefined) return;
    this.#sockets.delete(inode);
    const fds = socket.pid === undefined ? undefined : this.processes.get(socket.pid)?.fds;
    for (const [fd, target] of fds ?? []) if (target === `socket:[${inode}]`) fds?.delete(fd);
  }

  ephemeralPort(): number {
    this.#lastPort += 2;
    return this.#lastPort;
  }

  remember(agentId: string): void {
    const slaves = '/var/lib/mesos/slave/meta/slaves';
    this.files.mkdirSync(`${slaves}/${agentId}`, { recursive: true });
    const latest = `${slaves}/latest`;
    this.#remembered = this.#remembered
      .then(() => this.files.rm(latest, { force: true }))
      .then(() => this.files.symlink(`${slaves}/${agentId}`, latest));
  }

  /** A command that came over SSH is a process too: it is found by its environment, and can be killed. */
  beginCommand(
    text: string,
    user: string,
  ): { readonly pid: number; readonly abort: AbortSignal; readonly killed: Promise<{ readonly signal: string }> } {
    const environment = [...text.matchAll(/\bROLLGATE_STEP=\w+/g)].map(([marker]) => marker);
    const { pid } = this.spawn({
      ppid: 1,
      user,
      comm: 'sh',
      argv: ['sh', '-c', text],
      environment: [...new Set(environment)],
    });
    const controller = new AbortController();
    this.#commands.set(pid, controller);
    const killed = new Promise<{ readonly signal: string }>((resolve) => {
      controller.signal.addEventListener('abort', () => resolve({ signal: String(controller.signal.reason) }));
    });
    return { pid, abort: controller.signal, killed };
  }

  endCommand(pid: number): void {
    this.#commands.delete(pid);
    this.end(pid);
    for (const [path, holder] of this.locks) if (holder === pid) this.locks.delete(path);
  }

  /** What `kill` does; false: there is no such process. */
  kill(pid: number, signal: string): boolean {
    if (!this.processes.has(pid)) return false;
    if (signal === '0') return true;
    this.#commands.get(pid)?.abort(signal);
    if (pid === this.mesos?.agent.process?.pid) this.mesos.stopAgent();
    this.endCommand(pid);
    return true;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function baseFiles({ name, files }: HostSpec): Record<string, string | Uint8Array> {
  return {
    '/etc/hostname': `${name}\n`,
    '/etc/os-release': 'NAME="Embedded"\nID=embedded\n',
    '/root/.profile': '',
    '/home/operator/.profile': '',
    '/var/tmp/.keep': '',
    '/run/.keep': '',
    '/dev/null': '',
    ...files,
  };
}
