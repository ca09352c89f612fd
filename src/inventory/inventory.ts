import type { ValueMap } from '../source/value.ts';

/** Everything the inventory says, in definition order. */
export interface Inventory {
  /** By name, in the order in which they are first named; the order of plays is that of `all`'s `allHosts`. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** By name; `all` and `ungrouped` always among them. */
  readonly groups: ReadonlyMap<string, Group>;
}

export interface Host {
  readonly name: string;
  /** Merged by Ansible's precedence, group_vars and host_vars included; without magic variables. Templates unrendered. */
  readonly vars: ValueMap;
  /** The groups it is in, directly or through children, sorted by name; without `all`. */
  readonly groups: readonly string[];
}

export interface Group {
  readonly name: string;
  /** Direct children, in definition order. */
  readonly children: readonly string[];
  /** Direct hosts, in definition order. */
  readonly hosts: readonly string[];
  /** All hosts, through children too, in Ansible's order: level by level downwards, each level in definition order. */
  readonly allHosts: readonly string[];
  readonly vars: ValueMap;
}
