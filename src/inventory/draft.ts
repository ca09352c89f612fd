import { refuseVariable } from '../expressions/refused-variables.ts';
import type { Mistakes, Place } from '../source/mistakes.ts';
import type { Value } from '../source/value.ts';

export interface DraftHost {
  readonly name: string;
  readonly vars: Map<string, Value>;
}

export interface DraftGroup {
  readonly name: string;
  readonly children: Set<DraftGroup>;
  readonly parents: Set<DraftGroup>;
  readonly hosts: Set<DraftHost>;
  readonly vars: Map<string, Value>;
  priority: number;
}

/** An inventory while its sources are read, one after the other, each adding to what the earlier ones said. */
export class Draft {
  readonly hosts = new Map<string, DraftHost>();
  readonly groups = new Map<string, DraftGroup>();
  readonly all = this.group('all');
  readonly ungrouped = this.group('ungrouped');

  readonly #mistakes: Mistakes;

  constructor(mistakes: Mistakes) {
    this.#mistakes = mistakes;
    link(this.all, this.ungrouped);
  }

  /** The group of that name, new if need be. */
  group(name: string): DraftGroup {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    const group = {
      name,
      children: new Set<never>(),
      parents: new Set<never>(),
      hosts: new Set<never>(),
      vars: new Map(),
      priority: 1,
    };
    this.groups.set(name, group);
    return group;
  }

  /** Puts a host into a group. The port counts only where the host is named for the first time, as in Ansible. */
  addHost(name: string, group: DraftGroup, port?: number): DraftHost {
    const known = this.hosts.get(name);
    const host = known ?? { name, vars: new Map<string, Value>() };
    if (known === undefined) {
      this.hosts.set(name, host);
      if (port !== undefined) host.vars.set('ansible_port', port);
    }
    group.hosts.add(host);
    return host;
  }

  addChild(parent: DraftGroup, child: DraftGroup, place: Place): void {
    if (parent.children.has(child)) return;
    if (child === this.all || (child === this.ungrouped && parent !== this.all))
      this.#mistakes.add(
        'group-reserved',
        `"${child.name}" cannot be a child of "${parent.name}"; leave it out`,
        place,
      );
    else if (parent === child || ancestors(parent).has(child))
      this.#mistakes.add(
        'group-cycle',
        `"${child.name}" cannot be a child of "${parent.name}": "${parent.name}" is in "${child.name}" already, so neither would end; leave one of the two out`,
        place,
      );
    else link(parent, child);
  }

  setGroupVar(group: DraftGroup, name: string, value: Value, place: Place): void {
    refuseVariable(name, this.#mistakes, place);
    if (name !== 'ansible_group_priority') group.vars.set(name, value);
    else if (/^\s*[+-]?\d+\s*$/.test(String(value))) group.priority = Number(value);
    else this.#mistakes.add('group-priority', 'ansible_group_priority must be a whole number', place);
  }
}

function link(parent: DraftGroup, child: DraftGroup): void {
  parent.children.add(child);
  child.parents.add(parent);
}

/** Every group above this one. */
export function ancestors(group: DraftGroup): ReadonlySet<DraftGroup> {
  const found = new Set(group.parents);
  for (const each of found) for (const parent of each.parents) found.add(parent);
  return found;
}

/** Brings every group under `all`, and hosts of no other group into `ungrouped`. */
export function settle(draft: Draft): void {
  for (const group of draft.groups.values())
    if (group !== draft.all && group.parents.size === 0) link(draft.all, group);
  const elsewhere = new Set<DraftHost>();
  for (const group of draft.groups.values())
    if (group !== draft.all && group !== draft.ungrouped) for (const host of group.hosts) elsewhere.add(host);
  for (const host of draft.hosts.values())
    if (elsewhere.has(host)) draft.ungrouped.hosts.delete(host);
    else draft.ungrouped.hosts.add(host);
}
