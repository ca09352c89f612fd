import { durationMs } from '../../source/duration.ts';
import type { AgentLink, Executor, Standing } from './facts.ts';
import { type Belongings, versionIn } from './libraries.ts';
import type { LinkFacts } from './links.ts';
import type { Launched } from './processes.ts';
import { ESTABLISHED, LISTEN, type Row, type Tables } from './tables.ts';

/** What executors are seen against. */
export interface Around {
  readonly tables: Tables;
  readonly port: number;
  readonly links: LinkFacts;
  readonly belongings: (pid: number) => Belongings;
  /** Seconds since the boot; absent where nobody asked. */
  readonly uptimeSeconds?: number;
  /** The agent's namespaces. */
  readonly agent?: { readonly net: string; readonly mnt: string };
}

interface Member extends Launched {
  readonly links: readonly AgentLink[];
  readonly listens: boolean;
}

/** Processes with one sandbox belong together; one of them is the executor, the others are its task. */
export function executorsAmong(launched: readonly Launched[], around: Around): readonly Executor[] {
  const families = new Map<string, Member[]>();
  for (const process of launched) {
    const family = sandboxOf(process.environment);
    families.set(family, [...(families.get(family) ?? []), member(process, around)]);
  }
  return [...families.values()].flatMap((family) => {
    const head = headOf(family);
    return head === undefined ? [] : [executor(head, around)];
  });
}

/** The sandbox is one executor's alone. Ids may be rewritten on their way to a task: not every language keeps what is no UTF-8. */
function sandboxOf(environment: Launched['environment']): string {
  return (
    environment.get('MESOS_DIRECTORY') ??
    `${environment.get('MESOS_FRAMEWORK_ID')} ${environment.get('MESOS_EXECUTOR_ID')}`
  );
}

function member(process: Launched, { tables, port, links }: Around): Member {
  const rows = tables.get(process.open.net) ?? [];
  const { sockets } = process.open;
  return {
    ...process,
    links: linksAmong(rows, sockets, port).map(({ link, row }) => ({ ...link, ...links(row) })),
    listens: rows.some(({ state, inode }) => state === LISTEN && sockets.has(inode)),
  };
}

/** The peer's port counts, never the own one: the agent's side of a link is not the executor's. */
function linksAmong(rows: readonly Row[], sockets: ReadonlyMap<number, readonly number[]>, port: number) {
  return rows.flatMap((row) => {
    const fd = sockets.get(row.inode)?.[0];
    if (row.far !== port || row.state !== ESTABLISHED || fd === undefined) return [];
    return [{ row, link: { fd, inode: row.inode, localPort: row.near } }];
  });
}

/** Who speaks with the agent; else who listens for it; else who was there first. */
function headOf(family: readonly Member[]): Member | undefined {
  const linked = family.filter(({ links }) => links.length > 0);
  const listening = family.filter(({ listens }) => listens);
  return topmost(linked) ?? topmost(listening) ?? topmost(family);
}

function topmost(family: readonly Member[]): Member | undefined {
  return family.find(({ parent }) => !family.some(({ pid }) => pid === parent)) ?? family[0];
}

function executor(member: Member, around: Around): Executor {
  const { pid, start, comm, argv, environment, links, listens } = member;
  const standing: Standing = links.length > 0 ? 'linked' : listens ? 'waiting' : 'unlinked';
  const checkpoint = environment.get('MESOS_CHECKPOINT');
  return {
    pid,
    start,
    id: environment.get('MESOS_EXECUTOR_ID') ?? '',
    framework: environment.get('MESOS_FRAMEWORK_ID') ?? '',
    comm,
    argv,
    http: speaksHttp(member),
    checkpoint: checkpoint === '1',
    checkpointKnown: checkpoint === '1' || checkpoint === '0',
    standing,
    links,
    ...patience(environment.get('MESOS_RECOVERY_TIMEOUT')),
    ...surroundings(member, around),
  };
}

/**
 * The agent tells all its executors how its own command executor is to speak; docker executors and frameworks' own do not
 * go by it. Two links prove nothing: a driver executor may have a plain HTTP connection beside its own.
 */
function speaksHttp({ argv, comm, environment }: Member): boolean {
  const names = [comm, argv[0]?.split('/').at(-1)];
  return environment.get('MESOS_HTTP_COMMAND_EXECUTOR') === '1' && names.includes('mesos-executor');
}

/** Frozen when it was launched: what the agent's flag says today does not count. */
function patience(recoveryTimeout: string | undefined): Pick<Executor, 'recoveryTimeout' | 'recoveryTimeoutSeconds'> {
  if (recoveryTimeout === undefined) return {};
  const patienceMs = durationMs(recoveryTimeout);
  return { recoveryTimeout, ...(patienceMs === undefined ? {} : { recoveryTimeoutSeconds: patienceMs / 1000 }) };
}

function surroundings({ pid, start, environment, open }: Member, around: Around): Partial<Executor> {
  const { uptimeSeconds, agent } = around;
  const { libc, libmesos, cgroups } = around.belongings(pid);
  const sandbox = environment.get('MESOS_DIRECTORY') ?? environment.get('MESOS_SANDBOX');
  return {
    ...(open.user === undefined ? {} : { user: open.user }),
    ...(uptimeSeconds === undefined ? {} : { ageSeconds: Math.max(0, Math.round(uptimeSeconds - start / TICKS)) }),
    libmesos: libmesos || versionIn(open.exe?.path ?? ''),
    ...(libc === undefined ? {} : { libc }),
    ...(open.exe === undefined ? {} : { exe: open.exe }),
    cgroups,
    ...(agent === undefined || agent.net === '' ? {} : { ownNetwork: open.net !== agent.net }),
    ...(agent === undefined || agent.mnt === '' ? {} : { ownMounts: open.mnt !== agent.mnt }),
    ...(sandbox === undefined ? {} : { sandbox }),
  };
}

/** Clock ticks in a second: 100 on every Linux that Mesos runs on. */
export const TICKS = 100;
