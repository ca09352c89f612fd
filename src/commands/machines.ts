import type { CheckedConnections } from '../connection/connections.ts';
import { targetsOf } from '../engine/machines.ts';
import { targetOf } from '../engine/target.ts';
import { createExpressions } from '../expressions/expressions.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { ValueMap } from '../source/value.ts';
import type { Loaded } from './load.ts';

/** By host: its machine, where its variables tell before the run; undefined: this machine, or there is no way to it. */
export function machinesOf(
  { plan, secrets, expressions, playbookDir }: Loaded,
  connections: CheckedConnections,
): ReadonlyMap<string, string | undefined> {
  const targets = targetsOf(plan, secrets, expressions, playbookDir);
  return new Map([...targets].map(([host, target]) => [host, connections.machine(target)]));
}

/** One text for the machine of a host in the ledger. Where nobody can tell its address, its name has to do. */
export function ledgerMachine(machines: ReadonlyMap<string, string | undefined>, host: string): string {
  return machines.get(host) ?? `named ${host}`;
}

/** The same for every host of an inventory, as far as its own and extra variables tell; plays may say otherwise. */
export function machinesInInventory(
  inventory: Inventory,
  extraVars: ValueMap,
  connections: CheckedConnections,
): ReadonlyMap<string, string> {
  const expressions = createExpressions();
  const found = new Map<string, string | undefined>();
  for (const { name, vars } of inventory.hosts.values()) {
    const known: ValueMap = { ...vars, ...extraVars, inventory_hostname: name };
    const scope = (asked: string) =>
      Object.hasOwn(known, asked) ? { kind: 'written' as const, value: known[asked] ?? null } : undefined;
    const target = targetOf(name, scope, expressions);
    found.set(name, target.ok ? connections.machine(target.value) : undefined);
  }
  return new Map([...found.keys()].map((name) => [name, ledgerMachine(found, name)]));
}
