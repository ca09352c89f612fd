import type { Agent, AgentLink, Executor, Standing } from './facts.ts';
import { bytesOf, printable, readSections, records, type Section } from './sections.ts';

/** What a host said about its agent and its executors. */
export interface Captured {
  readonly agent?: Agent;
  readonly executors: readonly Executor[];
  /** What people know, as the host's own tools print it. */
  readonly text: Readonly<Record<'version' | 'docker' | 'netstat' | 'count', string>>;
}

/** Undefined where the answer is not complete. */
export function parseCapture(output: string, port: number): Captured | undefined {
  const sections = readSections(output);
  if (sections === undefined) return undefined;
  const tables = tablesIn(sections);
  const agent = agentIn(sections, tables, port);
  return {
    ...(agent === undefined ? {} : { agent }),
    executors: executorsAmong(sections.flatMap((section) => launchedIn(section, tables, port))),
    text: textIn(sections),
  };
}

/** A process that an agent launched: an executor, or what one of them started and passed its environment on to. */
interface Launched {
  readonly pid: number;
  readonly parent: number;
  readonly start: number;
  readonly comm: string;
  readonly argv: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly links: readonly AgentLink[];
  readonly listens: boolean;
}

interface Row {
  readonly near: number;
  readonly far: number;
  readonly state: string;
  readonly inode: number;
}

const ESTABLISHED = '01';
const LISTEN = '0A';

function tablesIn(sections: readonly Section[]): ReadonlyMap<string, readonly Row[]> {
  const nets = sections.filter(({ kind }) => kind === 'net');
  return new Map(nets.map(({ words, fields }) => [words[0] ?? '', fields.map(({ words: row }) => rowOf(row))]));
}

function rowOf([near = '', far = '', state = '', inode = '']: readonly string[]): Row {
  return { near: Number.parseInt(near, 16), far: Number.parseInt(far, 16), state, inode: Number(inode) };
}

function launchedIn(section: Section, tables: ReadonlyMap<string, readonly Row[]>, port: number): readonly Launched[] {
  const stat = readStat(bytesOf(section, 'stat'));
  const environment = environmentIn(bytesOf(section, 'environ') ?? new Uint8Array());
  // Gone while it was looked at, or a word in somebody's environment that only looks the same.
  if (section.kind !== 'process' || stat === undefined || !environment.has('MESOS_EXECUTOR_ID')) return [];
  const net = section.fields.find(({ name }) => name === 'net')?.words[0] ?? '';
  const rows = tables.get(net) ?? [];
  const sockets = socketsIn(section);
  return [
    {
      ...stat,
      argv: records(bytesOf(section, 'cmdline') ?? new Uint8Array()).map(printable),
      environment,
      links: linksAmong(rows, sockets, port),
      listens: rows.some(({ state, inode }) => state === LISTEN && sockets.has(inode)),
    },
  ];
}

/** Which descriptors hold which socket. Several may hold the same one. */
function socketsIn({ fields }: Section): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  for (const { name, words } of fields) {
    const inode = /^socket:\[(\d+)\]$/.exec(words[1] ?? '')?.[1];
    if (name !== 'fd' || inode === undefined) continue;
    found.set(Number(inode), [...(found.get(Number(inode)) ?? []), Number(words[0])]);
  }
  return found;
}

/** The peer's port counts, never the own one: the agent's side of a link is not the executor's. */
function linksAmong(
  rows: readonly Row[],
  sockets: ReadonlyMap<number, readonly number[]>,
  port: number,
): readonly AgentLink[] {
  const links = rows.filter(({ far, state }) => far === port && state === ESTABLISHED);
  return links.flatMap(({ near, inode }) => {
    const fd = sockets.get(inode)?.[0];
    return fd === undefined ? [] : [{ fd, inode, localPort: near }];
  });
}

/** `PID (COMM) STATE PPID … STARTTIME`: the name may hold spaces and parentheses, so its end is the last `)`. */
export function readStat(
  bytes: Uint8Array | undefined,
): Pick<Launched, 'pid' | 'parent' | 'start' | 'comm'> | undefined {
  const text = Buffer.from(bytes ?? []).toString('latin1');
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (bytes === undefined || open < 0 || close < open) return undefined;
  const rest = text.slice(close + 2).split(' ');
  const [pid, parent, start] = [Number.parseInt(text, 10), Number(rest[1]), Number(rest[19])];
  if (![pid, parent, start].every(Number.isSafeInteger)) return undefined;
  return { pid, parent, start, comm: printable(bytes.subarray(open + 1, close)) };
}

/** The first of several of one name counts, as for getenv. */
function environmentIn(bytes: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const record of records(bytes)) {
    const text = printable(record);
    const at = text.indexOf('=');
    if (at > 0 && !found.has(text.slice(0, at))) found.set(text.slice(0, at), text.slice(at + 1));
  }
  return found;
}

/** Processes with one sandbox belong together; one of them is the executor, the others are its task. */
function executorsAmong(launched: readonly Launched[]): readonly Executor[] {
  const families = new Map<string, Launched[]>();
  for (const process of launched) {
    const family = sandboxOf(process.environment);
    families.set(family, [...(families.get(family) ?? []), process]);
  }
  return [...families.values()].flatMap((family) => {
    const head = headOf(family);
    return head === undefined ? [] : [executor(head)];
  });
}

/** The sandbox is one executor's alone. Ids may be rewritten on their way to a task: not every language keeps what is no UTF-8. */
function sandboxOf(environment: Launched['environment']): string {
  return (
    environment.get('MESOS_DIRECTORY') ??
    `${environment.get('MESOS_FRAMEWORK_ID')} ${environment.get('MESOS_EXECUTOR_ID')}`
  );
}

/** Who speaks with the agent; else who listens for it; else who was there first. */
function headOf(family: readonly Launched[]): Launched | undefined {
  const linked = family.filter(({ links }) => links.length > 0);
  const listening = family.filter(({ listens }) => listens);
  return topmost(linked) ?? topmost(listening) ?? topmost(family);
}

function topmost(family: readonly Launched[]): Launched | undefined {
  return family.find(({ parent }) => !family.some(({ pid }) => pid === parent)) ?? family[0];
}

function executor({ pid, start, comm, argv, environment, links, listens }: Launched): Executor {
  const standing: Standing = links.length > 0 ? 'linked' : listens ? 'waiting' : 'unlinked';
  const recoveryTimeout = environment.get('MESOS_RECOVERY_TIMEOUT');
  return {
    pid,
    start,
    id: environment.get('MESOS_EXECUTOR_ID') ?? '',
    framework: environment.get('MESOS_FRAMEWORK_ID') ?? '',
    comm,
    argv,
    http: environment.get('MESOS_HTTP_COMMAND_EXECUTOR') === '1',
    checkpoint: environment.get('MESOS_CHECKPOINT') === '1',
    ...(recoveryTimeout === undefined ? {} : { recoveryTimeout }),
    standing,
    links,
  };
}

function agentIn(
  sections: readonly Section[],
  tables: ReadonlyMap<string, readonly Row[]>,
  port: number,
): Agent | undefined {
  const boot = sections.find(({ kind }) => kind === 'boot')?.words[0] ?? '';
  const listening = [...tables.values()].flat().some(({ near, state }) => near === port && state === LISTEN);
  const units = sections.filter(
    ({ kind, fields }) => kind === 'unit' && shown(fields[0]?.bytes).get('LoadState') === 'loaded',
  );
  // A host that was turned from one kind into the other may know both units: the one that runs is meant.
  const unit = units.find(({ fields }) => shown(fields[0]?.bytes).get('ActiveState') === 'active') ?? units[0];
  if (unit === undefined) return undefined;
  const properties = shown(bytesOf(unit, 'show'));
  const stat = readStat(bytesOf(unit, 'stat'));
  return {
    unit: unit.words[0] ?? '',
    state: properties.get('ActiveState') ?? 'unknown',
    pid: stat?.pid ?? 0,
    start: stat?.start ?? 0,
    instance: stat === undefined ? '' : `${boot}/${stat.pid}/${stat.start}`,
    listening,
  };
}

function shown(bytes: Uint8Array | undefined): ReadonlyMap<string, string> {
  const lines = Buffer.from(bytes ?? [])
    .toString()
    .split('\n');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

function textIn(sections: readonly Section[]): Captured['text'] {
  const section = sections.find(({ kind }) => kind === 'text');
  const of = (name: string) => (section === undefined ? '' : shownText(bytesOf(section, name)));
  return { version: of('version').trim(), docker: of('docker'), netstat: of('netstat'), count: of('count').trim() };
}

/** Lines stay lines; everything else that is not plain text becomes visible. */
function shownText(bytes: Uint8Array | undefined): string {
  const lines = Buffer.from(bytes ?? [])
    .toString('latin1')
    .split('\n');
  return lines.map((line) => printable(Buffer.from(line, 'latin1'))).join('\n');
}
