import { lines, type Script, shellText } from '../shell/script.ts';
import type { Value } from '../source/value.ts';
import type { Answer, Unanswered } from './action.ts';
import { registeredMode } from './mode.ts';

export type Algorithm = 'sha1' | 'sha256' | 'md5';

/** What lies at a path of the host, and who asked. */
export interface FileFacts {
  /** Absolute. */
  readonly path: string;
  readonly found?: Found;
  /** The path could not be looked at: what the host said. */
  readonly denied?: string;
  readonly parent: 'writable' | 'read-only' | 'absent';
  /** The user that commands run as. */
  readonly uid: number;
  readonly umask: number;
}

export type Kind = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'character' | 'block';

export interface Found {
  readonly kind: Kind;
  /** The twelve permission bits. */
  readonly bits: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  readonly owner?: string;
  readonly group?: string;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  /** Where a link points, as written; and in full. */
  readonly target?: string;
  readonly source?: string;
  /** In hexadecimal digits, of a readable regular file where the host has a tool for it. */
  readonly sum?: string;
  /** POSIX cksum, "crc size": asked where there is no tool for `sum`. */
  readonly crc?: string;
  /** Only where the host's stat can tell. Seconds since 1970, numbers of the file system. */
  readonly more?: Readonly<
    Record<'atime' | 'mtime' | 'ctime' | 'dev' | 'inode' | 'blocks' | 'blockSize' | 'rdev', number>
  >;
}

/** Prints what lies at `$p`, one `key=value` a line. POSIX tools; `stat -c` (GNU, busybox) where it is there, else ls. */
export function look(options: { readonly follow: boolean; readonly sum?: Algorithm }): Script {
  const flags = options.follow
    ? { stat: '-L', ls: 'L', present: '[ -e "$p" ]' }
    : { stat: '', ls: '', present: '[ -e "$p" ] || [ -h "$p" ]' };
  return lines([
    shellText(`LC_ALL=C; export LC_ALL
printf 'path=%s\\n' "$p"
echo "uid=$(id -u)"; echo "umask=$(umask)"
d=\${p%/}; d=\${d%/*}; d=\${d:-/}
if [ ! -d "$d" ]; then echo parent=absent; elif [ -w "$d" ]; then echo parent=writable; else echo parent=read-only; fi
if ${flags.present}; then
  case $(stat -c %f / 2>/dev/null) in 4[0-9a-f]*)
    stat ${flags.stat} -c 'raw=%f %h %u %g %s %X %Y %Z %d %i %b %o %t %T
owner=%U
group=%G' "$p" 2>/dev/null
    ;;
  *)
    echo "ls=$(ls -ldn${flags.ls} "$p")"; echo "named=$(ls -ld${flags.ls} "$p")" ;;
  esac
  [ -r "$p" ] && echo readable=1; [ -w "$p" ] && echo writable=1; [ -x "$p" ] && echo executable=1`),
    options.follow
      ? shellText('  :')
      : shellText(
          '  [ -h "$p" ] && { echo "target=$(readlink "$p" 2>/dev/null || ls -ld "$p" | sed \'s/.* -> //\')"; echo "source=$(readlink -f "$p" 2>/dev/null)"; }',
        ),
    options.sum === undefined ? shellText('  :') : sums(options.sum, options.follow),
    shellText(`else
  e=$(ls -d "$p" 2>&1 >/dev/null); case $e in *enied*) printf 'denied=%s\\n' "$e" ;; esac
fi`),
  ]);
}

/** Prints `sum=` and the digest of the file `$p`, with whatever tool the host has for it. */
export function sums(algorithm: Algorithm, follow: boolean): Script {
  const bits = algorithm.replace(/\D/g, '');
  const shasum =
    algorithm === 'md5' ? '' : `elif command -v shasum >/dev/null 2>&1; then echo "sum=$(shasum -a ${bits} <"$p")"\n  `;
  return shellText(`  if [ -f "$p" ] && [ -r "$p" ]${follow ? '' : ' && [ ! -h "$p" ]'}; then
  if command -v ${algorithm}sum >/dev/null 2>&1; then echo "sum=$(${algorithm}sum <"$p")"
  ${shasum}elif command -v openssl >/dev/null 2>&1; then echo "sum=$(openssl dgst -${algorithm} <"$p")"
  elif command -v busybox >/dev/null 2>&1; then echo "sum=$(busybox ${algorithm}sum <"$p")"
  else echo "crc=$(cksum <"$p")"; fi; fi`);
}

const SUM_LENGTH: Readonly<Record<Algorithm, number>> = { sha1: 40, sha256: 64, md5: 32 };

/** Reads what `look` printed. */
export function readFacts(
  answer: Answer,
  sum?: Algorithm,
): { readonly ok: true; readonly facts: FileFacts } | Unanswered {
  if (!answer.ok) return answer;
  const facts = factsIn(answer.stdout, sum);
  if (facts !== undefined) return { ok: true, facts };
  const said = answer.stderr.trim() === '' ? answer.stdout : answer.stderr;
  return {
    ok: false,
    message: `the host did not say what lies there: ${said.trim().slice(0, 300) || `exit ${answer.code}`}`,
  };
}

export function factsIn(printed: string, sum?: Algorithm): FileFacts | undefined {
  const said = saidIn(printed);
  const path = said('path');
  const uid = said('uid');
  if (path === undefined || uid === undefined) return undefined;
  const found = foundIn(said, sum);
  const denied = said('denied');
  const parent = said('parent');
  return {
    path,
    ...(found === undefined ? {} : { found }),
    ...(denied === undefined ? {} : { denied }),
    parent: parent === 'absent' || parent === 'read-only' ? parent : 'writable',
    uid: Number(uid),
    umask: Number.parseInt(said('umask') ?? '022', 8),
  };
}

export type Said = (key: string) => string | undefined;

/** What a host printed as `key=value` lines. Of a key said twice the first counts. */
export function saidIn(printed: string): Said {
  const said = new Map<string, string>();
  for (const line of printed.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0 && !said.has(line.slice(0, at))) said.set(line.slice(0, at), line.slice(at + 1));
  }
  return (key) => said.get(key);
}

function foundIn(said: Said, algorithm: Algorithm | undefined): Found | undefined {
  const basics = fromStat(said) ?? fromLs(said);
  if (basics === undefined) return undefined;
  const sum =
    algorithm === undefined
      ? undefined
      : said('sum')?.match(new RegExp(`\\b[0-9a-f]{${SUM_LENGTH[algorithm]}}\\b`))?.[0];
  const optional = { target: said('target'), source: said('source') || undefined, sum, crc: said('crc')?.trim() };
  return {
    ...basics,
    readable: said('readable') === '1',
    writable: said('writable') === '1',
    executable: said('executable') === '1',
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

type Basics = Omit<Found, 'readable' | 'writable' | 'executable'>;

/** By the uppermost four bits of st_mode. */
const KIND_BITS: ReadonlyMap<number, Kind> = new Map([
  [0o14, 'socket'],
  [0o12, 'link'],
  [0o10, 'file'],
  [0o6, 'block'],
  [0o4, 'directory'],
  [0o2, 'character'],
  [0o1, 'fifo'],
]);

function fromStat(said: Said): Basics | undefined {
  const [raw, ...rest] = said('raw')?.split(' ') ?? [];
  if (raw === undefined) return undefined;
  const [
    nlink = 0,
    uid = 0,
    gid = 0,
    size = 0,
    atime = 0,
    mtime = 0,
    ctime = 0,
    dev = 0,
    inode = 0,
    blocks = 0,
    blockSize = 0,
  ] = rest.map(Number);
  const [major = 0, minor = 0] = rest.slice(11).map((part) => Number.parseInt(part, 16));
  const st = Number.parseInt(raw, 16);
  return {
    kind: KIND_BITS.get(st >> 12) ?? 'file',
    bits: st & 0o7777,
    nlink,
    uid,
    gid,
    size,
    ...names(said('owner'), said('group')),
    more: { atime, mtime, ctime, dev, inode, blocks, blockSize, rdev: ((major & 0xfff) << 8) | (minor & 0xff) },
  };
}

/** Numbers without a name are printed as UNKNOWN by GNU's stat, as the number by ls. */
function names(
  owner: string | undefined,
  group: string | undefined,
): { readonly owner?: string; readonly group?: string } {
  const isName = (name: string | undefined): name is string =>
    name !== undefined && name !== 'UNKNOWN' && !/^\d+$/.test(name);
  return { ...(isName(owner) ? { owner } : {}), ...(isName(group) ? { group } : {}) };
}

const LS = /^([-dlpscb])([-rwxsStT]{9})\S*\s+(\d+)\s+(\S+)\s+(\S+)\s+(\d+)?/;
const LS_KINDS: Readonly<Record<string, Kind>> = {
  '-': 'file',
  d: 'directory',
  l: 'link',
  p: 'fifo',
  s: 'socket',
  c: 'character',
  b: 'block',
};

function fromLs(said: Said): Basics | undefined {
  const [, kind, bits, nlink, uid, gid, size] = LS.exec(said('ls') ?? '') ?? [];
  if (kind === undefined || bits === undefined) return undefined;
  const [, , , , owner, group] = LS.exec(said('named') ?? '') ?? [];
  return {
    kind: LS_KINDS[kind] ?? 'file',
    bits: bitsOfLs(bits),
    nlink: Number(nlink),
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size ?? 0),
    ...names(owner, group),
  };
}

/** The permission bits of `rwxr-xr-t`. */
export function bitsOfLs(letters: string): number {
  let bits = 0;
  [...letters].forEach((letter, index) => {
    if (letter !== '-' && !(index % 3 === 2 && /[ST]/.test(letter))) bits |= 1 << (8 - index);
    if (/[sStT]/.test(letter)) bits |= [0o4000, 0o2000, 0o1000][Math.floor(index / 3)] ?? 0;
  });
  return bits;
}

/** Ansible's `mode, owner, group, uid, gid, size, state` of a file that is there. */
export function asRegistered(found: Found): Readonly<Record<string, Value>> {
  return {
    uid: found.uid,
    gid: found.gid,
    owner: found.owner ?? String(found.uid),
    group: found.group ?? String(found.gid),
    mode: registeredMode(found.bits),
    state: stateOf(found),
    size: found.size,
  };
}

/** Ansible's word for what is there: a file with several names is `hard`. */
export function stateOf(found: Found | undefined): 'absent' | 'directory' | 'link' | 'hard' | 'file' {
  if (found === undefined) return 'absent';
  if (found.kind === 'directory' || found.kind === 'link') return found.kind;
  return found.kind === 'file' && found.nlink > 1 ? 'hard' : 'file';
}
