import type { CheckedConnections } from '../connection/connections.ts';
import { targetsOf } from '../engine/machines.ts';
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
