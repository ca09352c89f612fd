import type { Inventory } from './inventory.ts';
import { selectHosts } from './patterns.ts';
import { splitPattern } from './split-pattern.ts';

type Sources = Pick<Inventory, 'hosts' | 'groups'>;

/** Why a pattern leaves out each of the hosts that it does leave out. `kind` is how people name the pattern. */
export function exclusions(
  pattern: string,
  kind: string,
  hosts: readonly string[],
  inventory: Sources,
): ReadonlyMap<string, string> {
  const left = new Set(selectHosts(pattern, inventory).hosts);
  const terms = splitPattern(pattern)
    .filter(({ sign }) => sign !== '')
    .map(({ sign, body }) => ({ sign, body, named: new Set(selectHosts(body, inventory).hosts) }));
  const reason = (host: string) => {
    const term = terms.find(({ sign, named }) => (sign === '!') === named.has(host));
    if (term === undefined) return `${kind} "${pattern}" does not name it`;
    return term.sign === '!'
      ? `${kind} "${pattern}" leaves out "${term.body}"`
      : `${kind} "${pattern}" takes only what is in "${term.body}"`;
  };
  return new Map(hosts.filter((host) => !left.has(host)).map((host) => [host, reason(host)]));
}
