import { type Script, sh } from '../../shell/script.ts';
import type { Section } from './sections.ts';

/** A row of /proc/net/tcp. Addresses as IPv4 people write them; '' for what is none. */
export interface Row {
  readonly nearAddress: string;
  readonly near: number;
  readonly farAddress: string;
  readonly far: number;
  readonly state: string;
  readonly inode: number;
}

/** By network namespace. */
export type Tables = ReadonlyMap<string, readonly Row[]>;

export const ESTABLISHED = '01';
export const LISTEN = '0A';

/** As /proc/net/tcp has it. */
export function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/**
 * A port is compared with its colon: to awk 1E03 and 1000 are the same number. Listening sockets, and those with the agent's port at either end, once for each network namespace. */
export function askTables(port: number): Script {
  return sh`seen=' '
for pid in $pids; do
  net=$(readlink "/proc/$pid/ns/net") || continue
  case $seen in *" $net "*) continue ;; esac
  seen="$seen$net "
  echo "= net $net"
  for table in /proc/$pid/net/tcp /proc/$pid/net/tcp6; do
    awk -v port=${`:${hexPort(port)}`} '{ n = split($2, near, ":"); m = split($3, far, ":")
      if (n == 2 && m == 2 && ($4 == "0A" || ":" near[2] == port || ":" far[2] == port)) print "- tcp", near[2], far[2], $4, $10, near[1], far[1] }' "$table" 2>/dev/null
  done
done`;
}

export function tablesIn(sections: readonly Section[]): Tables {
  const nets = sections.filter(({ kind }) => kind === 'net');
  return new Map(nets.map(({ words, fields }) => [words[0] ?? '', fields.map(({ words: row }) => rowOf(row))]));
}

function rowOf([near = '', far = '', state = '', inode = '', nearHex = '', farHex = '']: readonly string[]): Row {
  return {
    nearAddress: dotted(nearHex),
    near: Number.parseInt(near, 16),
    farAddress: dotted(farHex),
    far: Number.parseInt(far, 16),
    state,
    inode: Number(inode),
  };
}

/** The kernel prints addresses as they lie in memory; an IPv4 address may come in an IPv6 one. */
function dotted(hex: string): string {
  const v4 = hex.length === 32 && hex.startsWith('0000000000000000FFFF0000') ? hex.slice(24) : hex;
  if (v4.length !== 8) return '';
  return [...Buffer.from(v4, 'hex')].reverse().join('.');
}
