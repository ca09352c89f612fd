import type { HostClock } from './host-clock.ts';
import type { Endpoint, Process, TcpSocket } from './process.ts';
import type { ExecutorSpec, HostSpec } from './spec.ts';

export const AGENT_PORT = 5051;
const MINUTE_MS = 60_000;
/** The kernel's connection tracking forgets an idle connection after this long. */
const CONNTRACK_MS = 5 * 86_400_000;
/** The master's patience with an agent that does not answer: five pings, 15 s apart. */
const MASTER_PATIENCE_MS = 75_000;
/** How long a recovering agent waits for executors to answer; hard-coded in 1.0. */
const REREGISTRATION_MS = 2000;

/** `lost`: it was killed because the agent could not have it back. `killed`: it ended its task itself. */
export type Fate = 'running' | 'waiting' | 'lost' | 'killed';

export interface Executor {
  readonly spec: ExecutorSpec;
  readonly process: Process;
  fate: Fate;
  /** Host uptime in ms at which it gives up waiting. */
  waitsUntil?: number;
  /** Host uptime in ms of the last byte on its links. */
  lastHeard: number;
  /** It listens no more for what the agent has to say. */
  deaf: boolean;
  frozenUntil: number;
}

export interface Agent {
  readonly unit: string;
  process: Process | undefined;
  state: 'active' | 'inactive' | 'failed';
  id: string;
  /** Uptime in ms until which it takes executors back. */
  recoveringUntil?: number;
  downSince?: number;
  starts: number;
}

/** What executors and agent need of the machine that they run on. */
export interface Machine {
  readonly spec: HostSpec;
  readonly clock: HostClock;
  readonly address: string;
  spawn(made: Omit<Process, 'pid' | 'startTicks' | 'fds'> & { readonly startedAgoMs?: number }): Process;
  end(pid: number): void;
  /** Opens a socket and gives it a descriptor in its process. */
  open(process: Process, socket: Omit<TcpSocket, 'inode' | 'pid'>): TcpSocket;
  close(inode: number): void;
  readonly sockets: ReadonlyMap<number, TcpSocket>;
  ephemeralPort(): number;
  /** The agent's id, as it lies on the disk for its next start. */
  remember(agentId: string): void;
}

/** The agent and its executors, which change as the measured ones do. */
export class Mesos {
  readonly agent: Agent;
  readonly executors: Executor[];
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
    const isPublic = machine.spec.agent === 'public';
    const name = isPublic ? 'dcos-mesos-slave-public' : 'dcos-mesos-slave';
    this.agent = { unit: `${name}.service`, process: undefined, state: 'active', id: `${CLUSTER}-S1`, starts: 0 };
    this.#startAgent(30 * 86_400_000);
    this.executors = (machine.spec.executors ?? []).map((spec, index) => this.#launch(spec, index));
    this.#agentAccepts();
  }

  /** Starts an executor more on the running agent. */
  launch(spec: ExecutorSpec): void {
    this.executors.push(this.#launch(spec, this.executors.length));
  }

  /** Lets happen what was due by the host's clock. */
  settle(): void {
    const now = this.#machine.clock.uptime();
    const { recoveringUntil } = this.agent;
    for (const executor of this.executors) {
      const { waitsUntil } = executor;
      if (
        executor.fate === 'waiting' &&
        waitsUntil !== undefined &&
        waitsUntil <= Math.min(now, recoveringUntil ?? now)
      ) {
        this.#die(executor, 'killed');
      }
    }
    if (recoveringUntil !== undefined && recoveringUntil <= now) this.#finishRecovery();
  }

  /** `shutdown(fd, 0)` in a process: what it returns. */
  shutdown(pid: number, fd: number): 0 | -1 {
    const executor = this.executors.find((each) => each.process.pid === pid);
    const socket = this.#socketAt(executor?.process, fd);
    if (executor === undefined || socket === undefined || this.#machine.spec.shutdownFails === true) return -1;
    // Measured: it returns 0 on a listening socket too, and the executor is lost at the next restart.
    if (socket.state === 'LISTEN') executor.deaf = true;
    else if (socket.peer.port === AGENT_PORT) this.#endOfFile(executor, socket);
    return 0;
  }

  freeze(pid: number, ms: number): void {
    const executor = this.executors.find((each) => each.process.pid === pid);
    if (executor !== undefined) executor.frozenUntil = this.#machine.clock.uptime() + ms;
  }

  /** The agent ends; executors whose links still live see it go. */
  stopAgent(): void {
    this.settle();
    const { process } = this.agent;
    if (process === undefined) return;
    const flapped = this.agent.recoveringUntil !== undefined;
    this.agent.downSince = this.#machine.clock.uptime();
    this.agent.recoveringUntil = undefined;
    this.agent.state = 'inactive';
    this.agent.process = undefined;
    this.#machine.end(process.pid);
    for (const executor of this.executors) this.#agentGone(executor, flapped);
  }

  startAgent(): void {
    if (this.agent.process !== undefined) return;
    if (this.#machine.spec.agentStaysDown === true) {
      this.agent.state = 'failed';
      return;
    }
    const downMs = this.#machine.clock.uptime() - (this.agent.downSince ?? 0);
    this.#startAgent(0);
    this.agent.state = 'active';
    this.agent.starts += 1;
    if (downMs > MASTER_PATIENCE_MS) this.#removedByMaster();
    else this.#recover();
  }

  #recover(): void {
    this.agent.recoveringUntil = this.#machine.clock.uptime() + REREGISTRATION_MS;
    // Those who are there answer the reconnect request within milliseconds.
    for (const executor of this.executors) if (this.#answers(executor)) this.#relink(executor);
    this.#agentAccepts();
  }

  linksOf(executor: Executor): readonly TcpSocket[] {
    return [...this.#machine.sockets.values()].filter(
      (socket) =>
        socket.pid === executor.process.pid && socket.state === 'ESTABLISHED' && socket.peer.port === AGENT_PORT,
    );
  }

  #launch(spec: ExecutorSpec, index: number): Executor {
    const inAgentsGroup = spec.inAgentsCgroup === true ? { cgroup: `/system.slice/${this.agent.unit}` } : {};
    const now = this.#machine.clock.uptime();
    const idleMs = (spec.idleDays ?? 6) * 86_400_000;
    const startedAgoMs = idleMs + 60_000 * (index + 1);
    const process = this.#machine.spawn({
      ...described(spec, index, this.#machine.address),
      ...inAgentsGroup,
      ppid: 1,
      user: 'root',
      startedAgoMs,
    });
    const executor: Executor = { spec, process, fate: 'running', lastHeard: now - idleMs, deaf: false, frozenUntil: 0 };
    const own = { address: this.#machine.address, port: this.#machine.ephemeralPort() };
    this.#machine.open(process, { state: 'LISTEN', local: own, peer: NOBODY });
    if (spec.alreadyWaiting === true) this.#wait(executor);
    else for (let links = 0; links < (spec.kind === 'http' ? 2 : 1); links++) this.#link(executor);
    // The task inherits the executor's environment: it is no executor for all that.
    this.#machine.spawn({
      ppid: process.pid,
      user: 'root',
      comm: 'sleep',
      argv: ['sleep', '98765'],
      environment: process.environment,
      startedAgoMs,
    });
    return executor;
  }

  #link(executor: Executor): void {
    const local = { address: this.#machine.address, port: this.#machine.ephemeralPort() };
    const peer = { address: this.#machine.address, port: AGENT_PORT };
    this.#machine.open(executor.process, { state: 'ESTABLISHED', local, peer });
  }

  #endOfFile(executor: Executor, socket: TcpSocket): void {
    this.#machine.close(socket.inode);
    if (executor.spec.kind === 'http') this.#link(executor);
    else if (executor.fate === 'waiting' || executor.spec.checkpoint === false) this.#die(executor, 'killed');
    else this.#wait(executor);
  }

  #wait(executor: Executor): void {
    executor.fate = 'waiting';
    executor.waitsUntil = this.#machine.clock.uptime() + (executor.spec.recoveryMinutes ?? 15) * MINUTE_MS;
  }

  #agentGone(executor: Executor, flapped: boolean): void {
    if (executor.fate === 'waiting' && flapped) this.#die(executor, 'killed');
    if (executor.fate !== 'running' || executor.spec.kind === 'http' || this.#isStale(executor)) return;
    for (const socket of this.linksOf(executor)) this.#endOfFile(executor, socket);
  }

  #isStale(executor: Executor): boolean {
    return this.#machine.clock.uptime() - executor.lastHeard > CONNTRACK_MS;
  }

  #answers(executor: Executor): boolean {
    const now = this.#machine.clock.uptime();
    if (executor.deaf || executor.frozenUntil > now + REREGISTRATION_MS) return false;
    return executor.fate === 'waiting' || (executor.fate === 'running' && executor.spec.kind === 'http');
  }

  #relink(executor: Executor): void {
    for (const socket of this.linksOf(executor)) this.#machine.close(socket.inode);
    for (let links = 0; links < (executor.spec.kind === 'http' ? 2 : 1); links++) this.#link(executor);
    executor.fate = 'running';
    executor.lastHeard = this.#machine.clock.uptime();
    delete executor.waitsUntil;
  }

  /** Two seconds after its start the agent kills whoever has not come back. */
  #finishRecovery(): void {
    this.agent.recoveringUntil = undefined;
    for (const executor of this.executors) {
      const back = executor.lastHeard > (this.agent.downSince ?? 0);
      if ((executor.fate === 'running' || executor.fate === 'waiting') && !back) this.#die(executor, 'lost');
    }
  }

  #removedByMaster(): void {
    this.agent.id = `${CLUSTER}-S${1 + this.agent.starts}`;
    this.#machine.remember(this.agent.id);
    for (const executor of this.executors)
      if (executor.fate === 'running' || executor.fate === 'waiting') this.#die(executor, 'lost');
  }

  #die(executor: Executor, fate: Fate): void {
    executor.fate = fate;
    this.#machine.end(executor.process.pid);
  }

  #startAgent(startedAgoMs: number): void {
    const process = this.#machine.spawn({
      ppid: 1,
      user: 'root',
      comm: 'mesos-slave',
      argv: ['/opt/mesosphere/bin/mesos-slave', `--port=${AGENT_PORT}`],
      environment: ['MESOS_WORK_DIR=/var/lib/mesos/slave', 'MESOS_ATTRIBUTES=rack:a1'],
      cgroup: `/system.slice/${this.agent.unit}`,
      startedAgoMs,
    });
    this.agent.process = process;
    this.#machine.remember(this.agent.id);
    this.#machine.open(process, { state: 'LISTEN', local: { address: '0.0.0.0', port: AGENT_PORT }, peer: NOBODY });
  }

  /** The agent's own ends of its executors' links. */
  #agentAccepts(): void {
    const { process } = this.agent;
    if (process === undefined) return;
    for (const executor of this.executors) {
      for (const { local, peer } of this.linksOf(executor))
        this.#machine.open(process, { state: 'ESTABLISHED', local: peer, peer: local });
    }
  }

  #socketAt(process: Process | undefined, fd: number): TcpSocket | undefined {
    const inode = /^socket:\[(\d+)\]$/.exec(process?.fds.get(fd) ?? '')?.[1];
    return inode === undefined ? undefined : this.#machine.sockets.get(Number(inode));
  }
}

const NOBODY: Endpoint = { address: '0.0.0.0', port: 0 };
const CLUSTER = '135baa25-1f1a-447f-b232-d34d5ab37e8f';

function described(spec: ExecutorSpec, index: number, address: string): Pick<Process, 'comm' | 'argv' | 'environment'> {
  const { id, kind = 'command', checkpoint = true, recoveryMinutes = 15 } = spec;
  const framework = `${CLUSTER}-${String(index).padStart(4, '0')}`;
  const directory = `/var/lib/mesos/slave/slaves/${CLUSTER}-S1/frameworks/${framework}/executors/${id}/runs/${index}`;
  const environment = [
    `MESOS_AGENT_ENDPOINT=${address}:${AGENT_PORT}`,
    `MESOS_CHECKPOINT=${checkpoint ? 1 : 0}`,
    `MESOS_DIRECTORY=${directory}`,
    `MESOS_EXECUTOR_ID=${id}`,
    `MESOS_FRAMEWORK_ID=${framework}`,
    `MESOS_HTTP_COMMAND_EXECUTOR=${kind === 'http' ? 1 : 0}`,
    ...(checkpoint ? [`MESOS_RECOVERY_TIMEOUT=${recoveryMinutes}mins`] : []),
    `MESOS_SLAVE_ID=${CLUSTER}-S1`,
    `MESOS_SLAVE_PID=slave(1)@${address}:${AGENT_PORT}`,
  ];
  return { ...named(kind, id), environment };
}

/** Docker takes few characters. */
export function containerName(id: string): string {
  return `mesos-S1.${id.replace(/[^\w.-]/g, '_')}`;
}

function named(kind: NonNullable<ExecutorSpec['kind']>, id: string): Pick<Process, 'comm' | 'argv'> {
  switch (kind) {
    case 'docker':
      return {
        comm: 'mesos-docker-ex',
        argv: ['mesos-docker-executor', `--container=${containerName(id)}`, '--docker=docker'],
      };
    case 'custom':
      return { comm: 'my executor)', argv: ['./my executor)', '--task', id] };
    default:
      return { comm: 'mesos-executor', argv: ['mesos-executor', '--launcher_dir=/opt/mesosphere/libexec/mesos'] };
  }
}
