import { sh } from '../../shell/script.ts';
import { bytesOf, linesOf, printable, records, type Section } from './sections.ts';

/** A process that an agent launched: an executor, or what one of them started and passed its environment on to. */
export interface Launched {
  readonly pid: number;
  readonly parent: number;
  readonly start: number;
  readonly comm: string;
  readonly argv: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly open: Open;
}

/** What the links in /proc/PID say. */
export interface Open {
  readonly user?: string;
  readonly exe?: { readonly path: string; readonly deleted: boolean };
  /** Names of its namespaces: `net:[4026531992]`. */
  readonly net: string;
  readonly mnt: string;
  /** Which descriptors hold which socket, by inode. Several may hold the same one. */
  readonly sockets: ReadonlyMap<number, readonly number[]>;
}

/**
 * Every process that an agent launched, whatever it is called: found by its environment. One `ls` tells all its links:
 * a fork for each descriptor would take seconds on a host with many.
 */
export const ASK_PROCESSES = sh`for file in $(grep -l MESOS_EXECUTOR_ID= /proc/[0-9]*/environ 2>/dev/null); do
  pid=\${file#/proc/}; pid=\${pid%/environ}
  echo "= process $pid"
  for part in stat environ cmdline; do echo "- $part"; hex "/proc/$pid/$part"; done
  echo '- links'; ls -l "/proc/$pid/exe" "/proc/$pid/ns/net" "/proc/$pid/ns/mnt" "/proc/$pid/fd/" 2>/dev/null | hex
  pids="$pids $pid"
done`;

/** None where it has gone while it was looked at, or has only a word in its environment that looks the same. */
export function launchedIn(section: Section): readonly Launched[] {
  const stat = readStat(bytesOf(section, 'stat'));
  const environment = environmentIn(bytesOf(section, 'environ'));
  if (section.kind !== 'process' || stat === undefined || !environment.has('MESOS_EXECUTOR_ID')) return [];
  return [
    {
      ...stat,
      argv: argvIn(section),
      environment,
      open: openIn(linesOf(bytesOf(section, 'links'))),
    },
  ];
}

export function argvIn(section: Section): readonly string[] {
  return records(bytesOf(section, 'cmdline') ?? new Uint8Array()).map(printable);
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
export function environmentIn(bytes: Uint8Array | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const record of records(bytes ?? new Uint8Array())) {
    const text = printable(record);
    const at = text.indexOf('=');
    if (at > 0 && !found.has(text.slice(0, at))) found.set(text.slice(0, at), text.slice(at + 1));
  }
  return found;
}

/**
 * A file that a process has open may be called anything, a line of `ls` too: what is told here of a descriptor is looked
 * at once more on the host before anything is done with it.
 */
function openIn(lines: readonly string[]): Open {
  const sockets = new Map<number, readonly number[]>();
  for (const line of lines) {
    const [, fd = '', inode = ''] = /^l.* (\d+) -> socket:\[(\d+)\]$/.exec(line) ?? [];
    if (fd !== '') sockets.set(Number(inode), [...(sockets.get(Number(inode)) ?? []), Number(fd)]);
  }
  const exe = targetIn(lines, '/exe');
  const user = /^l\S+\s+\d+\s+(\S+)/.exec(lines[0] ?? '')?.[1];
  return {
    ...(user === undefined ? {} : { user }),
    ...(exe === '' ? {} : { exe: { path: exe.replace(/ \(deleted\)$/, ''), deleted: / \(deleted\)$/.test(exe) } }),
    net: targetIn(lines, '/ns/net'),
    mnt: targetIn(lines, '/ns/mnt'),
    sockets,
  };
}

/** Where the link /proc/PID/… points to: those three come before the descriptors. */
function targetIn(lines: readonly string[], name: string): string {
  const found = lines.slice(0, 3).find((line) => new RegExp(`^l.* /proc/\\d+${name} -> `).test(line)) ?? '';
  return found.slice(found.indexOf(' -> ') + 4 * Number(found !== ''));
}
