import type { Group, Host, Inventory } from '../inventory/inventory.ts';
import { limitHosts } from '../inventory/patterns.ts';
import type { Plan, PlannedInventory } from '../plan/plan.ts';
import type { Mistakes } from '../source/mistakes.ts';
import { realFiles } from './real-files.ts';

/** The hosts of a saved plan that a limit leaves: groups are what they were when it was made. */
export function limitedHosts(
  limit: string,
  { plays, inventory }: Pick<Plan, 'plays' | 'inventory'>,
  folder: string,
  mistakes: Mistakes,
): ReadonlySet<string> {
  const hosts = [...new Set(plays.flatMap((play) => play.batches.flatMap((batch) => batch.hosts)))];
  const left = limitHosts(limit, hosts, asInventory(inventory), realFiles(folder), mistakes);
  if (left.length === 0 && mistakes.none)
    mistakes.add('limit-no-host', `--limit ${limit} names no host of this run; \`rollgate status\` lists them`);
  return new Set(left);
}

function asInventory({ hosts, groups }: PlannedInventory): Inventory {
  const all: [string, readonly string[]] = ['all', Object.keys(hosts)];
  return {
    hosts: new Map(
      Object.entries(hosts).map(([name, { vars, groups: its }]): [string, Host] => [name, { name, vars, groups: its }]),
    ),
    groups: new Map(
      [all, ...Object.entries(groups)].map(([name, its]): [string, Group] => [
        name,
        { name, children: [], hosts: its, allHosts: its, vars: {} },
      ]),
    ),
  };
}
