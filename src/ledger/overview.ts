import type { Entry } from './entry.ts';

/** How things stand under one name of the ledger. */
export interface Overview {
  readonly name: string;
  /** What ends first comes first. */
  readonly good: readonly Held[];
  /** What ended longest ago comes first. */
  readonly expired: readonly Held[];
  readonly closed: readonly Ended[];
  /** In the inventory, and not in the ledger. */
  readonly unknown: readonly string[];
}

export interface Held {
  readonly host: string;
  readonly renewedAt: string;
  readonly until: string;
  /** Milliseconds; negative: since when it has run out. */
  readonly leftMs: number;
  readonly measured: boolean;
}

export interface Ended {
  readonly host: string;
  readonly at: string;
}

/** By name, by machine: what was written last. */
export type Latest = ReadonlyMap<string, ReadonlyMap<string, Entry>>;

/** For each name of a ledger, how each host of an inventory stands (its machine is given); without one, each host noted. */
export function overviewOf(
  latest: Latest,
  inventory: ReadonlyMap<string, string> | undefined,
  now: Date,
): readonly Overview[] {
  return [...latest]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, machines]) => {
      const hosts = inventory ?? new Map([...machines].map(([machine, { host }]) => [host, machine]));
      return overviewOfName(name, machines, hosts, now);
    });
}

function overviewOfName(
  name: string,
  machines: ReadonlyMap<string, Entry>,
  hosts: ReadonlyMap<string, string>,
  now: Date,
): Overview {
  const held: Held[] = [];
  const closed: Ended[] = [];
  const unknown: string[] = [];
  for (const [host, machine] of hosts) {
    const entry = machines.get(machine);
    if (entry === undefined) unknown.push(host);
    else if (entry.state === 'closed') closed.push({ host, at: entry.at });
    else held.push(heldOf(host, entry, now));
  }
  held.sort((one, other) => one.leftMs - other.leftMs);
  return {
    name,
    good: held.filter(({ leftMs }) => leftMs > 0),
    expired: held.filter(({ leftMs }) => leftMs <= 0),
    closed,
    unknown,
  };
}

function heldOf(host: string, { renewedAt, until, measured }: Extract<Entry, { state: 'good' }>, now: Date): Held {
  return { host, renewedAt, until, leftMs: Date.parse(until) - now.getTime(), measured };
}

/** How fast hosts are closed, going by those closed since the first of the others was renewed; undefined: nobody can tell. */
export function secondsPerHost({ good, closed }: Overview): number | undefined {
  const since = Math.min(...good.map(({ renewedAt }) => Date.parse(renewedAt)));
  const times = closed.map(({ at }) => Date.parse(at)).filter((at) => at >= since);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return last > first ? (last - first) / 1000 / (times.length - 1) : undefined;
}
