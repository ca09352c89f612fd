import { sh } from '../../shell/script.ts';
import type { Libc } from './facts.ts';
import { bytesOf, linesOf, type Section } from './sections.ts';

/** What of a process's mappings matters, and where it is counted. */
export interface Belongings {
  readonly libc?: Libc;
  /** The version in the name of its libmesos; '' where it has none. */
  readonly libmesos: string;
  /** Lines of /proc/PID/cgroup. */
  readonly cgroups: readonly string[];
}

/**
 * C library, libmesos and cgroups of every process in `$pids`: few forks for all of them. Neither file can hold a line
 * break that a name brought along, so each line tells whose it is: grep says so where it is given more than one file.
 * No here-document: old shells put it into /tmp, which may be full.
 */
export const ASK_BELONGINGS = sh`echo '= belongings'
set --; for pid in $pids; do set -- "$@" "/proc/$pid/maps"; done
mapped=$(grep -E ' r-x.*/(libc\\.so|libc-[0-9]|ld-musl|libmesos)[^/]*$' "$@" /dev/null 2>/dev/null)
set --; for pid in $pids; do set -- "$@" "/proc/$pid/cgroup"; done
echo '- cgroup'; grep . "$@" /dev/null 2>/dev/null | hex
echo '- maps'; printf '%s\\n' "$mapped" | hex
echo '- files'; printf '%s\\n' "$mapped" | {
  set --
  while IFS= read -r line; do
    case $line in */libmesos*|'') continue ;; esac
    pid=\${line#/proc/}; pid=\${pid%%/*}; mapping=\${line#*:}; file=/\${mapping#*/}
    set -- "$@" "/proc/$pid/map_files/\${mapping%% *}" "/proc/$pid/root\${file% (deleted)}"
  done
  [ $# -eq 0 ] || stat -L -c '%d:%i %n' "$@" 2>/dev/null
} | hex`;

export function belongingsIn(sections: readonly Section[]): (pid: number) => Belongings {
  const section = sections.find(({ kind }) => kind === 'belongings');
  const lines = (name: string) => (section === undefined ? [] : linesOf(bytesOf(section, name)));
  const [maps, cgroups, files] = [lines('maps'), lines('cgroup'), new Map(lines('files').map(fileOf))];
  return (pid) => {
    const mappings = own(maps, `/proc/${pid}/maps:`).map(mappingOf);
    const libc = mappings.find(({ path }) => path !== '' && !/\/libmesos[^/]*$/.test(path));
    const libmesos = mappings.find(({ path }) => /\/libmesos[^/]*$/.test(path));
    return {
      ...(libc === undefined ? {} : { libc: { path: libc.path, state: stateOf(libc, pid, files) } }),
      libmesos: versionIn(libmesos?.path ?? ''),
      cgroups: own(cgroups, `/proc/${pid}/cgroup:`),
    };
  };
}

function own(lines: readonly string[], beginning: string): readonly string[] {
  return lines.filter((line) => line.startsWith(beginning)).map((line) => line.slice(beginning.length));
}

interface Mapping {
  readonly range: string;
  readonly path: string;
  readonly deleted: boolean;
  readonly inode: string;
}

/** `7f93ddab3000-7f93ddc09000 r-xp 00026000 fe:00 339380   /usr/lib/…/libc.so.6 (deleted)` */
function mappingOf(line: string): Mapping {
  const [, range = '', inode = '', path = ''] = /^(\S+) \S+ \S+ \S+ (\d+) +(\/.*)$/.exec(line) ?? [];
  return { range, path: path.replace(/ \(deleted\)$/, ''), deleted: / \(deleted\)$/.test(path), inode };
}

/** A path, and `device:inode` of what lies there. */
function fileOf(line: string): readonly [string, string] {
  return [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))];
}

/**
 * Device and inode of the mapped file itself are compared where the kernel gives them. The device in maps is not what
 * stat says on btrfs and overlay file systems: where only maps can be read, the inode alone is compared.
 */
function stateOf(
  { range, path, deleted, inode }: Mapping,
  pid: number,
  files: ReadonlyMap<string, string>,
): Libc['state'] {
  if (deleted) return 'replaced';
  const onDisk = files.get(`/proc/${pid}/root${path}`);
  const mapped = files.get(`/proc/${pid}/map_files/${range}`);
  if (onDisk === undefined) return 'unknown';
  const same = mapped === undefined ? onDisk.endsWith(`:${inode}`) : onDisk === mapped;
  return same ? 'on disk' : 'replaced';
}

/** From the name of the library (`libmesos-1.0.3.so`), or from a path that names the package (`mesos-1.0.3`). */
export function versionIn(path: string): string {
  return /mesos-{1,2}(\d+\.\d+\.\d+)/.exec(path)?.[1] ?? '';
}
