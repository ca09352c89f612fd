import type { Latest } from './overview.ts';

/** By host, given with its machine: when the first thing that was renewed on it ends, in milliseconds since 1970. */
export function endsOf(latest: Latest, machines: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const [host, machine] of machines) {
    for (const entries of latest.values()) {
      const entry = entries.get(machine);
      if (entry?.state === 'good')
        ends.set(host, Math.min(ends.get(host) ?? Number.POSITIVE_INFINITY, Date.parse(entry.until)));
    }
  }
  return ends;
}
