import type { ValueMap } from '../source/value.ts';
import { type Draft, type DraftGroup, type DraftHost, settle } from './draft.ts';
import type { Group, Host, Inventory } from './inventory.ts';
import { mergeVars } from './merge.ts';

/** Variables from the files beside an inventory source. */
export interface BesideVars {
  group(name: string): ValueMap;
  host(name: string): ValueMap;
}

/** The finished inventory: groups settled, variables merged. `beside` is in the order of the sources. */
export function complete(draft: Draft, beside: readonly BesideVars[]): Inventory {
  settle(draft);
  const depths = depthsUnder(draft.all);
  const groupsOf = groupsByHost(draft);
  const merging = new Merging(draft, depths, beside);
  const hosts = [...draft.hosts.values()].map((host) => completeHost(host, groupsOf.get(host) ?? [], merging));
  const groups = [...draft.groups.values()].map((group) => completeGroup(group, beside));
  return {
    hosts: new Map(hosts.map((host) => [host.name, host])),
    groups: new Map(groups.map((group) => [group.name, group])),
  };
}

function completeHost(host: DraftHost, groups: readonly DraftGroup[], merging: Merging): Host {
  return {
    name: host.name,
    vars: merging.varsOf(host, groups),
    groups: groups.map(({ name }) => name).sort(),
  };
}

function completeGroup(group: DraftGroup, beside: readonly BesideVars[]): Group {
  return {
    name: group.name,
    children: names(group.children),
    hosts: names(group.hosts),
    allHosts: names(new Set(withDescendants(group).flatMap(({ hosts }) => [...hosts]))),
    vars: mergeVars([Object.fromEntries(group.vars), ...beside.map((each) => each.group(group.name))]),
  };
}

function names(things: Iterable<{ readonly name: string }>): readonly string[] {
  return [...things].map(({ name }) => name);
}

/** The group and all below it, level by level, as Ansible lists them. */
function withDescendants(group: DraftGroup): readonly DraftGroup[] {
  const found = new Set([group]);
  for (const each of found) for (const child of each.children) found.add(child);
  return [...found];
}

/** The longest way down from `all` to each group. */
function depthsUnder(all: DraftGroup): ReadonlyMap<DraftGroup, number> {
  const depths = new Map<DraftGroup, number>();
  const depthOf = (group: DraftGroup): number => {
    const known = depths.get(group);
    if (known !== undefined) return known;
    const depth = group === all ? 0 : 1 + Math.max(...[...group.parents].map(depthOf));
    depths.set(group, depth);
    return depth;
  };
  for (const group of withDescendants(all)) depthOf(group);
  return depths;
}

function groupsByHost(draft: Draft): ReadonlyMap<DraftHost, readonly DraftGroup[]> {
  const found = new Map<DraftHost, DraftGroup[]>();
  for (const group of draft.groups.values()) {
    if (group === draft.all) continue;
    for (const host of new Set(withDescendants(group).flatMap(({ hosts }) => [...hosts]))) {
      const groups = found.get(host);
      if (groups === undefined) found.set(host, [group]);
      else groups.push(group);
    }
  }
  return found;
}

/**
 * Ansible's precedence, weakest first: variables of `all`, of groups (parents before children, then by
 * ansible_group_priority, then by name), group_vars/all, group_vars of groups, the host's own, host_vars.
 */
class Merging {
  readonly #draft: Draft;
  readonly #depths: ReadonlyMap<DraftGroup, number>;
  readonly #beside: readonly BesideVars[];
  /** Hosts of the same groups share what groups say. */
  readonly #ofGroups = new Map<string, ValueMap>();

  constructor(draft: Draft, depths: ReadonlyMap<DraftGroup, number>, beside: readonly BesideVars[]) {
    this.#draft = draft;
    this.#depths = depths;
    this.#beside = beside;
  }

  varsOf(host: DraftHost, groups: readonly DraftGroup[]): ValueMap {
    const key = groups.map(({ name }) => name).join('\n');
    const known = this.#ofGroups.get(key);
    const shared = known ?? this.#fromGroups(groups);
    if (known === undefined) this.#ofGroups.set(key, shared);
    return mergeVars([shared, Object.fromEntries(host.vars), ...this.#beside.map((each) => each.host(host.name))]);
  }

  #fromGroups(groups: readonly DraftGroup[]): ValueMap {
    const sorted = [...groups].sort((a, b) => this.#compare(a, b));
    return mergeVars([
      ...[this.#draft.all, ...sorted].map((group) => Object.fromEntries(group.vars)),
      ...this.#beside.map((each) => each.group('all')),
      ...this.#beside.flatMap((each) => sorted.map((group) => each.group(group.name))),
    ]);
  }

  #compare(a: DraftGroup, b: DraftGroup): number {
    const depth = (group: DraftGroup) => this.#depths.get(group) ?? 0;
    return depth(a) - depth(b) || a.priority - b.priority || (a.name < b.name ? -1 : 1);
  }
}
