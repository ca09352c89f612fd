import { isList, type Value, type ValueMap } from '../source/value.ts';
import type { Group, Inventory } from './inventory.ts';

/** The inventory in the shape of `ansible-inventory --list`: a group that holds nothing is left out; keys sorted. */
export function listAsJson(inventory: Inventory): Value {
  const groups = [...inventory.groups.values()].map((group) => [group.name, describe(group)] as const);
  const hosts = [...inventory.hosts.values()].filter(({ vars }) => Object.keys(vars).length > 0);
  const hostvars = sorted(Object.fromEntries(hosts.map(({ name, vars }) => [name, sorted(vars)])));
  const filled = groups.filter(([, described]) => Object.keys(described).length > 0);
  return sorted({ ...Object.fromEntries(filled), _meta: { hostvars } });
}

/** A host's variables, as `ansible-inventory --host`; undefined when there is no such host. */
export function hostAsJson(inventory: Inventory, name: string): Value | undefined {
  const host = inventory.hosts.get(name);
  return host === undefined ? undefined : sorted(host.vars);
}

/** The tree of groups and hosts, as `ansible-inventory --graph`. */
export function graph(inventory: Inventory): string {
  const linesOf = (group: Group, depth: number): readonly string[] => [
    branch(`@${group.name}:`, depth),
    ...group.children.flatMap((child) => {
      const below = inventory.groups.get(child);
      return below === undefined ? [] : linesOf(below, depth + 1);
    }),
    ...(group.name === 'all' ? [] : group.hosts.map((host) => branch(host, depth + 1))),
  ];
  const all = inventory.groups.get('all');
  return all === undefined ? '' : linesOf(all, 0).join('\n');
}

function describe({ name, hosts, children }: Group): ValueMap {
  return {
    ...(children.length === 0 ? {} : { children }),
    ...(hosts.length === 0 || name === 'all' ? {} : { hosts }),
  };
}

function branch(name: string, depth: number): string {
  return depth === 0 ? name : `${'  |'.repeat(depth)}--${name}`;
}

function sorted(map: ValueMap): ValueMap {
  const entries = Object.entries(map).map(([key, value]): [string, Value] => [key, sortedWithin(value)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sortedWithin(value: Value): Value {
  if (value === null || typeof value !== 'object') return value;
  return isList(value) ? value.map(sortedWithin) : sorted(value);
}
