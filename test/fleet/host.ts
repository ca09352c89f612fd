import { setTimeout as pass } from 'node:timers/promises';
import { docker, type Outcome, printed, run } from './docker.ts';
import { fields, record, type Text } from './record.ts';

export interface ExecutorSpec {
  /** Any bytes but NUL and `/`: a task may be called anything. */
  readonly id: Text;
  readonly framework?: string;
  /** Docker executors have a container of the host's own Docker beside them; the others' task is a plain child. */
  readonly name?: 'mesos-executor' | 'mesos-docker-executor' | 'custom-thermos';
  /** Absent: it checkpoints. */
  readonly checkpoint?: boolean;
  /** `http` subscribes on two connections; `two-sockets` is a driver with a plain HTTP client's connection beside its link. */
  readonly kind?: 'driver' | 'http' | 'two-sockets';
  readonly taskId?: Text;
  readonly taskName?: Text;
  /** In a network namespace of its own. */
  readonly ownNetwork?: boolean;
  /** It stays in the agent unit's cgroup, where the unit's KillMode reaches it. */
  readonly inUnit?: boolean;
}

export type Flags = Readonly<Record<string, string>>;

export type AgentUnit = 'dcos-mesos-slave' | 'dcos-mesos-slave-public';

export interface HostSpec {
  readonly name: string;
  readonly unit?: AgentUnit;
  readonly executors?: readonly ExecutorSpec[];
  /** The agent's flags, as `MESOS_…` in a file of its unit: `{ recovery_timeout: '5secs' }`. */
  readonly flags?: Flags;
  /** Lines of a drop-in of the agent's unit. */
  readonly dropIn?: string;
  /** Capabilities that the whole host lacks: `['SYS_PTRACE']`. */
  readonly without?: readonly string[];
}

/** What can be told of the agent by a file in /etc/mesos-fake: read at its start, `queued-task` and `http-401` at each request. */
export type Knob =
  | 'start-delay'
  | 'start-exit'
  | 'hang-on-term'
  | 'queued-task'
  | 'http-401'
  | 'new-agent-id'
  | 'registration-delay'
  | 'recovery-errors'
  | 'die-while-recovering';

/** A link is an established connection of an executor to the agent's port. */
export interface Link {
  readonly fd: number;
  readonly local: string;
  readonly remote: string;
}

export interface Executor {
  /** As it was asked for; bytes that are no UTF-8 are replaced. */
  readonly id: string;
  readonly pid: number;
  /** `/proc/PID/stat`, field 22. */
  readonly start: string;
  readonly alive: boolean;
  readonly links: readonly Link[];
}

const AGENT_PORT = 5051;

/** One host of a fleet: a container with systemd, sshd, Docker and an agent. */
export class FleetHost {
  readonly name: string;
  readonly unit: AgentUnit;
  readonly container: string;
  readonly address: string;
  readonly #executors: ExecutorSpec[];

  constructor(spec: HostSpec, container: string, address: string) {
    this.name = spec.name;
    this.unit = spec.unit ?? 'dcos-mesos-slave';
    this.container = container;
    this.address = address;
    this.#executors = [...(spec.executors ?? [])];
  }

  /** Runs a script as root, past SSH. */
  exec(script: string, input = ''): Promise<Outcome> {
    return run('docker', ['exec', '-i', this.container, 'sh', '-c', script], input);
  }

  /** What a script printed; it must not fail. */
  read(script: string, input = ''): Promise<string> {
    return printed('docker', ['exec', '-i', this.container, 'sh', '-c', script], input);
  }

  async set(knob: Knob, value = ''): Promise<void> {
    await this.read(`cat > /etc/mesos-fake/${knob}`, value);
  }

  async unset(knob: Knob): Promise<void> {
    await this.read(`rm -f /etc/mesos-fake/${knob}`);
  }

  /** Starts more executors on the running agent. */
  async launch(...executors: readonly ExecutorSpec[]): Promise<void> {
    this.#executors.push(...executors);
    await this.read('cat >> /etc/mesos-fake/executors', executors.map(specLine).join(''));
    await this.read(`systemctl kill --kill-who=main -s HUP ${this.unit}`);
  }

  /** Flags of the agent that hold from its next start, before those that it booted with. */
  async setFlags(flags: Flags): Promise<void> {
    await this.read('cat > /var/lib/dcos/mesos-slave-common', environment(flags));
  }

  async restartAgent(): Promise<void> {
    await this.read(`systemctl restart ${this.unit}`);
  }

  /** A JSON page of the agent. */
  async page(path: string): Promise<unknown> {
    const response = await fetch(`http://${this.address}:${AGENT_PORT}${path}`, { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(`${this.name}: the agent answers ${response.status} to ${path}`);
    return response.json();
  }

  async metric(name: string): Promise<number> {
    return ((await this.page('/metrics/snapshot')) as Record<string, number>)[name] ?? Number.NaN;
  }

  /** All that were ever launched, in the order in which they were asked for. */
  async executors(): Promise<readonly Executor[]> {
    const lines = (await this.read(LOOK)).split('\n').map((line) => line.split(' '));
    return this.#executors.map(({ id }, index) => seen(lines, index, Buffer.from(id).toString()));
  }

  async executor(id: string): Promise<Executor> {
    const found = (await this.executors()).find((each) => each.id === id);
    if (found === undefined) throw new Error(`${this.name} has no executor ${id}`);
    return found;
  }

  /** The last lines that an executor wrote to its sandbox's stderr. */
  async stderrOf(id: string): Promise<string> {
    const { pid } = await this.executor(id);
    const index = this.#executors.findIndex((each) => Buffer.from(each.id).toString() === id);
    const known = fields(await this.read(`cat /var/lib/mesos/slave/meta/executors/${index}`));
    if (known.pid !== String(pid)) throw new Error(`${this.name}: executor ${id} changed while it was looked at`);
    return this.read(`cat /var/lib/mesos/slave/slaves/*/frameworks/*/executors/*/runs/${known.container}/stderr`);
  }

  /** What the agent logged since it was last started. */
  async agentLog(): Promise<string> {
    const id = await this.read(`systemctl show -p InvocationID --value ${this.unit}`);
    return this.read(`journalctl -o cat _SYSTEMD_INVOCATION_ID=${id}`);
  }

  /**
   * Makes drivers' links what five idle days make of them: half open, since nothing passes them any more, not even the
   * end of either side. The kernel's connection tracking would forget them; here netfilter drops their packets.
   */
  async makeStale(...ids: readonly string[]): Promise<void> {
    const executors = await this.executors();
    const meant = executors.filter(({ id, alive }, i) =>
      ids.length > 0 ? ids.includes(id) : alive && this.#executors[i]?.kind !== 'http',
    );
    const rules = meant
      .flatMap(({ links }) => links)
      .flatMap(({ local, remote }) => [...drop(local, remote), ...drop(remote, local)]);
    await this.read('iptables-restore --noflush', ['*filter', ...rules, 'COMMIT', ''].join('\n'));
  }

  /** Resolves when what is asked holds; it is asked again until then. */
  async until(what: string, holds: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const held = await holds().catch((error: unknown) => error);
      if (held === true) return;
      if (Date.now() > end) throw new Error(`${this.name}: not within ${timeoutMs} ms: ${what} (${held})`);
      await pass(100);
    }
  }

  /** The agent is registered, and what should run on it does. */
  untilSettled(): Promise<void> {
    return this.until('agent registered, executors running', async () => {
      const metrics = (await this.page('/metrics/snapshot')) as Record<string, number>;
      return metrics['slave/registered'] === 1 && metrics['slave/executors_registering'] === 0;
    });
  }
}

function drop(from: string, to: string): readonly string[] {
  const [fromAddress, fromPort] = from.split(':');
  const [toAddress, toPort] = to.split(':');
  const flow = `-p tcp -s ${fromAddress} --sport ${fromPort} -d ${toAddress} --dport ${toPort} -j DROP`;
  return [`-I INPUT ${flow}`, `-I OUTPUT ${flow}`];
}

/** One line for each executor (E), each of its sockets (F) and each connection that it can see (T). */
const LOOK = `cd /var/lib/mesos/slave/meta/executors || exit 0
for number in *; do
  test -e "$number" || continue
  pid=$(sed -n 's/.* pid=\\([0-9]*\\) .*/\\1/p' "$number")
  alive=0
  if grep -qsz '^MESOS_EXECUTOR_ID=' "/proc/$pid/environ"; then alive=1; fi
  test $alive = 0 || start=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)
  echo "E $number $pid $alive \${start:-0}"
  test $alive = 1 || continue
  for fd in /proc/$pid/fd/*; do echo "F $number \${fd##*/} $(readlink "$fd")"; done
  sed -n "2,\\$ { s/^ */T $number /; s/  */ /g; p }" "/proc/$pid/net/tcp"
done`;

function seen(lines: readonly (readonly string[])[], index: number, id: string): Executor {
  const own = lines.filter(([, number]) => number === String(index));
  const [, , pid = '0', alive, start = '0'] = own.find(([kind]) => kind === 'E') ?? [];
  return { id, pid: Number(pid), start, alive: alive === '1', links: linksAmong(own) };
}

function linksAmong(lines: readonly (readonly string[])[]): readonly Link[] {
  const fds = new Map(lines.filter(([kind]) => kind === 'F').map(([, , fd, target]) => [target, Number(fd)]));
  return lines
    .filter(([kind, , , , , state]) => kind === 'T' && state === '01')
    .map((row) => ({ local: address(row[3]), remote: address(row[4]), fd: fds.get(`socket:[${row[11]}]`) ?? -1 }))
    .filter(({ fd, remote }) => fd >= 0 && remote.endsWith(`:${AGENT_PORT}`));
}

/** `0200A8C0:13BB` of /proc/net/tcp. */
function address(text = ''): string {
  const [ip = '', port = ''] = text.split(':');
  const bytes = [6, 4, 2, 0].map((at) => Number.parseInt(ip.slice(at, at + 2), 16));
  return `${bytes.join('.')}:${Number.parseInt(port, 16)}`;
}

function specLine(spec: ExecutorSpec): string {
  const fields = {
    id: spec.id,
    framework: spec.framework ?? frameworkOf(spec),
    task: spec.taskId,
    task_name: spec.taskName,
    name: spec.name,
    kind: spec.kind,
    checkpoint: spec.checkpoint === false ? '0' : '1',
    network: spec.ownNetwork ? 'own' : undefined,
    cgroup: spec.inUnit ? 'unit' : undefined,
  };
  return `${record(fields)}\n`;
}

/** A framework checkpoints, or does not: so there are two. */
function frameworkOf({ checkpoint }: ExecutorSpec): string {
  return `135baa25-1f1a-447f-b232-d34d5ab37e8f-000${checkpoint === false ? 1 : 0}`;
}

function environment(flags: Flags): string {
  return Object.entries(flags)
    .map(([name, value]) => `MESOS_${name.toUpperCase()}=${value}\n`)
    .join('');
}

export interface Surroundings {
  readonly image: string;
  readonly masterPort: number;
  /** The public key that opens it for root and for core. */
  readonly publicKey: string;
  readonly label: string;
}

const BOOTABLE = [
  ...['--cgroupns', 'host', '-v', '/sys/fs/cgroup:/sys/fs/cgroup:rw', '--tmpfs', '/run', '--tmpfs', '/tmp:exec'],
  ...['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE', '--security-opt', 'seccomp=unconfined'],
  ...['--security-opt', 'apparmor=unconfined', '--security-opt', 'systempaths=unconfined'],
  ...['-v', '/var/lib/docker'],
];

/** Boots a host, and resolves when its agent is registered and its executors run. */
export async function boot(spec: HostSpec, around: Surroundings): Promise<FleetHost> {
  const dropped = (spec.without ?? []).flatMap((capability) => ['--cap-drop', capability]);
  const labels = ['--hostname', spec.name, '--label', around.label];
  const container = await docker('run', '-d', ...labels, ...BOOTABLE, ...dropped, around.image);
  const places = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}';
  const [address = '', gateway = ''] = (await docker('inspect', '-f', places, container)).split(' ');
  const host = new FleetHost(spec, container, address);
  await host.until('systemd is up', async () =>
    ['running', 'degraded'].includes((await host.exec('timeout 10 systemctl is-system-running --wait')).stdout.trim()),
  );
  await host.read(preparation(spec, host.unit, `${gateway}:${around.masterPort}`, around.publicKey));
  await host.untilSettled();
  return host;
}

function preparation(spec: HostSpec, unit: AgentUnit, master: string, publicKey: string): string {
  const file = (path: string, text: string): string =>
    `mkdir -p "$(dirname ${path})"; echo ${Buffer.from(text).toString('base64')} | base64 -d > ${path}`;
  return [
    'set -e',
    file('/etc/mesos-fake/executors', (spec.executors ?? []).map(specLine).join('')),
    file('/opt/mesosphere/etc/mesos-slave-common', environment({ master, ...spec.flags })),
    ...(spec.dropIn === undefined ? [] : [file(`/etc/systemd/system/${unit}.service.d/fleet.conf`, spec.dropIn)]),
    file('/root/.ssh/authorized_keys', publicKey),
    file('/home/core/.ssh/authorized_keys', publicKey),
    "ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key",
    'systemctl daemon-reload',
    `systemctl enable -q --now ssh ${unit}`,
  ].join('\n');
}
