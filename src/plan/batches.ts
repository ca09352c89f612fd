import { unreachable } from '../source/value.ts';
import type { Batch, Plan } from './plan.ts';

/** An entry of `serial`: a number of hosts, or a percentage of all the play's hosts. */
export type SerialEntry =
  | { readonly kind: 'count'; readonly hosts: number }
  | { readonly kind: 'percent'; readonly percent: number };

/** Reads `3`, `"3"`, `1.9` (1) or `"20%"`; undefined for anything else. */
export function readSerialEntry(value: unknown): SerialEntry | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return { kind: 'count', hosts: Math.trunc(value) };
  if (typeof value !== 'string') return undefined;
  const percent = /^\s*(\d+)\s*%\s*$/.exec(value);
  if (percent !== null) return { kind: 'percent', percent: Number(percent[1]) };
  return /^\s*-?\d+\s*$/.test(value) ? { kind: 'count', hosts: Number(value) } : undefined;
}

/**
 * Cuts a play's hosts into batches as Ansible does: percentages are of all the play's hosts, truncated, at least 1; an
 * entry of 0 or less takes all that remain; the last entry repeats.
 */
export function cutBatches(hosts: readonly string[], serial: readonly SerialEntry[]): readonly Batch[] {
  const batches: Batch[] = [];
  let rest = hosts;
  while (rest.length > 0) {
    const entry = serial[Math.min(batches.length, serial.length - 1)];
    const size = entry === undefined ? rest.length : sizeOf(entry, hosts.length, rest.length);
    batches.push({ number: batches.length + 1, hosts: rest.slice(0, size) });
    rest = rest.slice(size);
  }
  return batches;
}

function sizeOf(entry: SerialEntry, total: number, remaining: number): number {
  switch (entry.kind) {
    case 'count':
      return entry.hosts <= 0 ? remaining : entry.hosts;
    case 'percent':
      return Math.max(1, Math.trunc((entry.percent / 100) * total));
    default:
      return unreachable(entry);
  }
}

/** The hosts of a plan, each once, in the order in which their turn comes. */
export function hostsIn(plan: Plan): readonly string[] {
  return [...new Set(plan.plays.flatMap(({ batches }) => batches.flatMap(({ hosts }) => hosts)))];
}
