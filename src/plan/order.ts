import { unreachable } from '../source/value.ts';
import type { Plan } from './plan.ts';

/**
 * Puts a play's hosts into the order that `order` asks for. `seed` makes a shuffle repeatable: it stands in the plan.
 * `ends`: by host, when what was renewed on it ends, where the ledger says so; who is not in it comes last.
 */
export function orderHosts(
  hosts: readonly string[],
  order: 'inventory' | 'reverse_inventory' | 'sorted' | 'reverse_sorted' | 'shuffle' | 'ledger',
  seed: number,
  ends: ReadonlyMap<string, number>,
): readonly string[] {
  switch (order) {
    case 'inventory':
      return hosts;
    case 'reverse_inventory':
      return hosts.toReversed();
    case 'sorted':
      return hosts.toSorted(byCodePoint);
    case 'reverse_sorted':
      return hosts.toSorted(byCodePoint).toReversed();
    case 'shuffle':
      return shuffle(hosts, seed);
    case 'ledger':
      return hosts.toSorted((a, b) => compare(ends.get(a), ends.get(b)));
    default:
      return unreachable(order);
  }
}

/** By host: a rank that gives the plays of a plan that took their order from the ledger the same order again. */
export function endsAsPlanned(plan: Plan): ReadonlyMap<string, number> {
  const ordered = plan.plays.flatMap(({ withoutEnd, batches }) =>
    withoutEnd === undefined ? [] : batches.flatMap(({ hosts }) => hosts.filter((host) => !withoutEnd.includes(host))),
  );
  return new Map([...new Set(ordered)].map((host, rank) => [host, rank]));
}

/** As Python sorts: plain string order, nothing natural about it. */
function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compare(one: number | undefined, other: number | undefined): number {
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  return one - other;
}

function shuffle(hosts: readonly string[], seed: number): readonly string[] {
  const shuffled = [...hosts];
  const random = mulberry32(seed);
  for (let last = shuffled.length - 1; last > 0; last--) {
    const pick = Math.floor(random() * (last + 1));
    const [a, b] = [shuffled[last], shuffled[pick]];
    if (a !== undefined && b !== undefined) [shuffled[last], shuffled[pick]] = [b, a];
  }
  return shuffled;
}

/** Tommy Ettinger's mulberry32: 32 bits of state, enough for a fair order of hosts. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
