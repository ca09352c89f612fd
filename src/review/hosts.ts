import { exclusions } from '../inventory/exclusions.ts';
import { foldHosts, groupBy } from '../inventory/fold.ts';
import type { Group, Host, Inventory } from '../inventory/inventory.ts';
import { hostsIn } from '../plan/batches.ts';
import type { Plan } from '../plan/plan.ts';
import { type Block, code, paragraph, plural, type Section } from './document.ts';
import type { Review } from './review.ts';

/** Which hosts, of which groups; and which not, and why not. */
export function hostsSection({ plan }: Review): Section {
  const hosts = hostsIn(plan);
  return {
    title: 'Hosts',
    blocks: [
      paragraph(`${plural(hosts.length, 'host')} of ${Object.keys(plan.inventory.hosts).length} in the inventory:`),
      { kind: 'code', text: foldHosts(hosts) },
      ...groupsTable(plan, hosts),
      ...leftOut(plan, new Set(hosts)),
    ],
  };
}

function groupsTable({ inventory }: Plan, hosts: readonly string[]): readonly Block[] {
  const rows = Object.entries(inventory.groups).flatMap(([name, members]) => {
    const inPlan = members.filter((host) => hosts.includes(host));
    if (name === 'all' || members.length === 0) return [];
    return [[code(name), `${inPlan.length} of ${members.length}`, code(foldHosts(inPlan))]];
  });
  return rows.length === 0 ? [] : [{ kind: 'table', head: ['Group', 'In the plan', 'Hosts'], rows }];
}

function leftOut(plan: Plan, inPlan: ReadonlySet<string>): readonly Block[] {
  const out = Object.keys(plan.inventory.hosts).filter((host) => !inPlan.has(host));
  if (out.length === 0) return [paragraph('No host of the inventory is left out.')];
  const reasons = reasonsFor(out, plan);
  const groups = groupBy(out, (host) => reasons.get(host) ?? '');
  const rows = [...groups].map(([reason, hosts]) => [String(hosts.length), code(foldHosts(hosts)), reason]);
  return [paragraph('Left out:'), { kind: 'table', head: ['Count', 'Hosts', 'Why'], rows }];
}

/** The limit speaks for hosts that a play names; else it is the plays that do not name them. */
function reasonsFor(out: readonly string[], { plays, inventory, options }: Plan): ReadonlyMap<string, string> {
  const sources = asInventory(inventory);
  const byPlay = plays.map(({ pattern }) => exclusions(pattern, 'hosts:', out, sources));
  const limit = options.limit;
  const byLimit = limit === undefined || limit.includes('@') ? new Map() : exclusions(limit, '--limit', out, sources);
  return new Map(
    out.map((host) => {
      const said = byPlay.map((reasons) => reasons.get(host));
      const isNamed = said.some((reason) => reason === undefined);
      const why = isNamed ? (byLimit.get(host) ?? `--limit "${limit}"`) : said.join('; ');
      return [host, why];
    }),
  );
}

function asInventory({ hosts, groups }: Plan['inventory']): Inventory {
  return {
    hosts: new Map(Object.entries(hosts).map(([name, host]): [string, Host] => [name, { name, ...host }])),
    groups: new Map(
      Object.entries(groups).map(([name, allHosts]): [string, Group] => [
        name,
        { name, allHosts, hosts: allHosts, children: [], vars: {} },
      ]),
    ),
  };
}
