import { boundedMatch, TooLong } from '../source/bounded-match.ts';
import { didYouMean } from '../source/nearest.ts';
import { foldHosts, unfoldHosts } from './fold.ts';
import { compileGlob, compileRegex, isGlob } from './glob.ts';
import type { Inventory } from './inventory.ts';

export type Matched =
  | { readonly ok: true; readonly hosts: readonly string[] }
  | {
      readonly ok: false;
      readonly code: 'pattern-empty' | 'pattern-regex' | 'pattern-subscript' | 'pattern-unknown';
      readonly message: string;
    };

const SUBSCRIPT = /^(.+)\[(?:(-?\d+)|(\d+)([:-])(\d*))\]$/s;
/** `agent[001-016,020]`, as recaps show hosts. */
const FOLDED = /\[\d{1,6}(?:[-,]\d{1,6})+\]/;
const LOCALHOST = ['localhost', '127.0.0.1', '::1'];

/** Finds the hosts of single patterns. Where localhost is in no inventory, it remembers under which name it was meant. */
export class Matcher {
  readonly #inventory: Inventory;
  #implicit: string | undefined;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  get implicit(): readonly string[] {
    return this.#implicit === undefined ? [] : [this.#implicit];
  }

  get everyHost(): readonly string[] {
    return this.#inventory.groups.get('all')?.allHosts ?? [];
  }

  isHost(name: string): boolean {
    return this.#inventory.hosts.has(name);
  }

  match(pattern: string): Matched {
    if (pattern === '') return refuse('pattern-empty', 'a sign stands alone; write the name behind it, such as !web1');
    if (pattern.startsWith('~')) return this.#regex(pattern);
    if (/.\[:\d+\]$/.test(pattern))
      return refuse('pattern-subscript', `"${pattern}" has no begin; write ${pattern.replace('[:', '[0:')}`);
    const folded = this.#folded(pattern);
    if (folded !== undefined) return folded;
    const [, base, index, from, dash, to] = SUBSCRIPT.exec(pattern) ?? [];
    if (base === undefined) return this.#named(pattern);
    const matched = this.#named(base);
    if (!matched.ok) return matched;
    if (dash === '-') return refuse('pattern-subscript', `"${pattern}": write ${base}[${from}:${to}]`);
    const { hosts } = matched;
    return index === undefined ? slice(pattern, hosts, Number(from), to) : pick(pattern, hosts, Number(index));
  }

  #regex(pattern: string): Matched {
    const regex = compileRegex(pattern.slice(1));
    if (regex === undefined) return refuse('pattern-regex', `"${pattern}" is not a valid regular expression`);
    const hosts = this.#hostsThatFit(regex);
    if (hosts instanceof TooLong) return refuse('pattern-regex', hosts.message);
    return hosts === undefined
      ? refuse('pattern-unknown', `"${pattern}" matches no host and no group`)
      : { ok: true, hosts };
  }

  #hostsThatFit(regex: RegExp): readonly string[] | TooLong | undefined {
    const names = [...this.#inventory.hosts.keys(), ...this.#inventory.groups.keys()];
    const longest = names.reduce((most, { length }) => Math.max(most, length), 0);
    return boundedMatch(regex, longest, () => this.#hostsWhere((name) => regex.test(name)));
  }

  /** A folded list of hosts that are known. Within a name, brackets may also be a class of characters. */
  #folded(pattern: string): Matched | undefined {
    if (!FOLDED.test(pattern) || this.#inventory.groups.has(pattern.slice(0, pattern.indexOf('[')))) return undefined;
    const hosts = unfoldHosts(pattern);
    const unknown = hosts.filter((name) => !this.isHost(name));
    if (unknown.length === 0) return { ok: true, hosts };
    if (unknown.length === hosts.length || !pattern.endsWith(']')) return undefined;
    return refuse('pattern-unknown', `of "${pattern}" the inventory does not know ${foldHosts(unknown)}`);
  }

  #named(name: string): Matched {
    const hosts = isGlob(name) && name !== '*' ? this.#glob(name) : this.#exact(name);
    if (hosts instanceof TooLong) return refuse('pattern-regex', hosts.message);
    if (hosts !== undefined) return { ok: true, hosts };
    const localhost = this.#localhost(name);
    return localhost === undefined ? this.#unknown(name) : { ok: true, hosts: [localhost] };
  }

  #exact(name: string): readonly string[] | undefined {
    const group = this.#inventory.groups.get(name === '*' ? 'all' : name);
    const host = this.isHost(name) && (group === undefined || name.includes('.')) ? [name] : [];
    return group === undefined && host.length === 0 ? undefined : [...(group?.allHosts ?? []), ...host];
  }

  #glob(glob: string): readonly string[] | TooLong | undefined {
    const regex = compileGlob(glob);
    return regex === undefined ? undefined : this.#hostsThatFit(regex);
  }

  /** Hosts of the groups whose names fit, `all` apart, then hosts whose own names fit; undefined when nothing does. */
  #hostsWhere(fits: (name: string) => boolean): readonly string[] | undefined {
    const groups = [...this.#inventory.groups.values()].filter(({ name }) => name !== 'all' && fits(name));
    const hosts = [...this.#inventory.hosts.keys()].filter(fits);
    return groups.length + hosts.length === 0 ? undefined : [...groups.flatMap(({ allHosts }) => allHosts), ...hosts];
  }

  /** The names of this machine stand for each other. */
  #localhost(name: string): string | undefined {
    if (!LOCALHOST.includes(name)) return undefined;
    const known = [...this.#inventory.hosts.keys()].find((host) => LOCALHOST.includes(host));
    if (known !== undefined) return known;
    this.#implicit ??= name;
    return this.#implicit;
  }

  #unknown(name: string): Matched {
    const what = isGlob(name) ? `"${name}" matches no host and no group` : `there is no host and no group "${name}"`;
    const near = isGlob(name)
      ? ''
      : didYouMean(name, [...this.#inventory.groups.keys(), ...this.#inventory.hosts.keys()]);
    return refuse('pattern-unknown', what + near);
  }
}

function refuse(code: Extract<Matched, { ok: false }>['code'], message: string): Matched {
  return { ok: false, code, message };
}

function pick(pattern: string, hosts: readonly string[], index: number): Matched {
  const host = hosts.at(index);
  return host === undefined ? outOfRange(pattern, hosts) : { ok: true, hosts: [host] };
}

/** Both ends are part of it, unlike in Python. */
function slice(pattern: string, hosts: readonly string[], from: number, to: string | undefined): Matched {
  if (to !== undefined && to !== '' && Number(to) < from)
    return refuse('pattern-subscript', `"${pattern}" runs backwards and matches nothing; write [${to}:${from}]`);
  const found = hosts.slice(from, to === undefined || to === '' ? undefined : Number(to) + 1);
  return found.length === 0 ? outOfRange(pattern, hosts) : { ok: true, hosts: found };
}

function outOfRange(pattern: string, hosts: readonly string[]): Matched {
  const known = hosts.length === 0 ? 'there is no host to count' : `positions run from 0 to ${hosts.length - 1}`;
  const asClass = `for a class of characters write ~${pattern}$`;
  return refuse(
    'pattern-subscript',
    `"${pattern}" matches nothing: a number in brackets is a position, and ${known}; ${asClass}`,
  );
}
