import { type Script, sh } from '../../shell/script.ts';
import type { AgentLink } from './facts.ts';
import { bytesOf, linesOf, type Section } from './sections.ts';
import type { Row } from './tables.ts';

/** What is known of a link beside its row. */
export type LinkFacts = (row: Row) => Pick<AgentLink, 'idleSeconds' | 'trackedSeconds'>;

/**
 * How long links have been idle (ss), and how long connection tracking will remember them. `conntrack` is asked only
 * where tracking is on already: it would load the module.
 */
export function askLinks(port: number): Script {
  return sh`echo '= links'
echo '- idle'; limited 3 ss -tnoei state established ${`( dport = :${port} )`} 2>/dev/null | hex
echo '- tracked'
if [ -r /proc/net/nf_conntrack ]; then limited 3 cat /proc/net/nf_conntrack
elif [ -e /proc/sys/net/netfilter/nf_conntrack_count ]; then limited 3 conntrack -L -p tcp
fi 2>/dev/null | awk -v port=${port} '{ rows++ } $0 ~ (" dport=" port " ") { print } END { if (rows) print "rows", rows }' | hex
echo '- limit'; hex /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established`;
}

/** For how long this host's connection tracking remembers a link that is idle, tracked or not; absent where it has none. */
export function idleLimitIn(sections: readonly Section[]): number | undefined {
  const section = sections.find(({ kind }) => kind === 'links');
  const written = section === undefined ? undefined : linesOf(bytesOf(section, 'limit'))[0];
  return /^\d+$/.test(written ?? '') ? Number(written) : undefined;
}

export function linksIn(sections: readonly Section[]): LinkFacts {
  const section = sections.find(({ kind }) => kind === 'links');
  if (section === undefined) return () => ({});
  const idle = idleIn(Buffer.from(bytesOf(section, 'idle') ?? []).toString('latin1'));
  const tracked = trackedIn(linesOf(bytesOf(section, 'tracked')));
  return (row) => {
    const idleSeconds = idle.get(row.inode);
    const trackedSeconds = row.nearAddress === '' ? undefined : tracked?.(row);
    return {
      ...(idleSeconds === undefined ? {} : { idleSeconds }),
      ...(trackedSeconds === undefined ? {} : { trackedSeconds }),
    };
  };
}

/** By inode. An entry's further lines begin with a tab; ss leaves out a time of 0. */
function idleIn(text: string): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const entry of text.split(/\n(?=\S)/)) {
    const inode = / ino:(\d+)/.exec(entry)?.[1];
    if (inode === undefined) continue;
    const sinceMs = ['lastsnd', 'lastrcv'].map((name) => Number(new RegExp(` ${name}:(\\d+)`).exec(entry)?.[1] ?? 0));
    found.set(Number(inode), Math.floor(Math.min(...sinceMs) / 1000));
  }
  return found;
}

/** Undefined where nothing at all is tracked, or the table cannot be read: then no link is ever forgotten, or nobody knows. */
function trackedIn(lines: readonly string[]): ((row: Row) => number | 'none') | undefined {
  if (!lines.some((line) => line.startsWith('rows '))) return undefined;
  const remaining = new Map<string, number>();
  for (const line of lines) {
    const [, seconds = '', near = '', far = '', nearPort = '', farPort = ''] =
      /\btcp\s+6\s+(\d+)\s+[A-Z_]+\s+src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/.exec(line) ?? [];
    if (seconds !== '') remaining.set(`${near}:${nearPort} ${far}:${farPort}`, Number(seconds));
  }
  return ({ nearAddress, near, farAddress, far }) =>
    remaining.get(`${nearAddress}:${near} ${farAddress}:${far}`) ?? 'none';
}
