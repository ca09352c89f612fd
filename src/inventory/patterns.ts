import type { Files } from '../source/files.ts';
import { Mistakes } from '../source/mistakes.ts';
import { placeAt, readText, type SourceText } from '../source/text.ts';
import type { Inventory } from './inventory.ts';
import { Matcher } from './match.ts';
import { type PatternPart, splitPattern } from './split-pattern.ts';

export interface Selection {
  /** In Ansible's order, each once. */
  readonly hosts: readonly string[];
  /** Those of them that stand in no inventory: `localhost`, when only a pattern names it. */
  readonly implicit: readonly string[];
  /** Names nobody knows, subscripts out of range, expressions that do not compile. `offset` counts UTF-16 units in the pattern. */
  readonly problems: readonly PatternProblem[];
}

export interface PatternProblem {
  readonly code: string;
  readonly message: string;
  readonly offset: number;
}

/** A part of a pattern and how to get its hosts. */
interface Term {
  readonly sign: PatternPart['sign'];
  readonly hosts: readonly string[];
}

/** The hosts that a pattern names: first all that are named, then `&`, then `!`, wherever they are written. */
export function selectHosts(pattern: string, inventory: Inventory): Selection {
  const problems: PatternProblem[] = [];
  const matcher = new Matcher(inventory);
  const terms = splitPattern(pattern).map((part) =>
    readTerm(part, matcher, (code, message) => problems.push({ code, message, offset: part.offset })),
  );
  if (terms.length === 0)
    problems.push({ code: 'pattern-empty', message: 'the pattern is empty; write "all" for every host', offset: 0 });
  const hosts = terms.length === 0 ? [] : combine(terms, matcher.everyHost);
  return { hosts, implicit: matcher.implicit.filter((name) => hosts.includes(name)), problems };
}

/**
 * Those of a play's hosts that `--limit` leaves, in the play's order. In a limit, `@file` stands for a file with a
 * pattern a line; `!@file` leaves its hosts out, and leaves out nothing where it is empty.
 */
export function limitHosts(
  limit: string,
  hosts: readonly string[],
  inventory: Inventory,
  files: Files,
  mistakes: Mistakes,
  read: SourceText[] = [],
): readonly string[] {
  const before = mistakes.all.length;
  const terms = new Limit(inventory, files, mistakes, read).terms(limit);
  if (mistakes.all.length > before) return [];
  if (terms.length === 0) {
    mistakes.add('limit-empty', '--limit is empty; leave it out to run on all hosts of the play');
    return [];
  }
  const left = new Set(combine(terms, [...(inventory.groups.get('all')?.allHosts ?? []), ...hosts]));
  return hosts.filter((host) => left.has(host));
}

function readTerm(part: PatternPart, matcher: Matcher, refuse: (code: string, message: string) => void): Term {
  // A name that is both a host's and a group's is the host's, unless it is excluded or intersected with.
  if (part.sign === '' && matcher.isHost(part.body)) return { sign: '', hosts: [part.body] };
  const matched = matcher.match(part.body);
  if (matched.ok) return { sign: part.sign, hosts: matched.hosts };
  refuse(matched.code, matched.message);
  return { sign: part.sign, hosts: [] };
}

/** With nothing but `&` and `!`, what they apply to is everything. */
function combine(terms: readonly Term[], everything: readonly string[]): readonly string[] {
  const of = (sign: Term['sign']) => terms.filter((term) => term.sign === sign);
  const named = of('').length === 0 ? everything : of('').flatMap(({ hosts }) => hosts);
  const wanted = of('&').map(({ hosts }) => new Set(hosts));
  const excluded = new Set(of('!').flatMap(({ hosts }) => hosts));
  return [...new Set(named)].filter((host) => !excluded.has(host) && wanted.every((set) => set.has(host)));
}

class Limit {
  readonly #matcher: Matcher;
  readonly #files: Files;
  readonly #mistakes: Mistakes;
  readonly #read: SourceText[];

  constructor(inventory: Inventory, files: Files, mistakes: Mistakes, read: SourceText[]) {
    this.#matcher = new Matcher(inventory);
    this.#files = files;
    this.#mistakes = mistakes;
    this.#read = read;
  }

  terms(limit: string): readonly Term[] {
    return splitPattern(limit).flatMap((part) =>
      part.body.startsWith('@')
        ? this.#file(part.sign, part.body.slice(1))
        : [readTerm(part, this.#matcher, (code, message) => this.#mistakes.add(code, `--limit: ${message}`))],
    );
  }

  #file(sign: Term['sign'], path: string): readonly Term[] {
    const source = this.#text(path);
    const terms = source === undefined ? [] : this.#lines(source);
    if (sign !== '') return [{ sign, hosts: terms.length === 0 ? [] : combine(terms, this.#matcher.everyHost) }];
    if (source === undefined || terms.length === 0) this.#refuseEmpty(path);
    return terms;
  }

  #refuseEmpty(path: string): void {
    if (this.#files.look(path).kind === 'file')
      this.#mistakes.add('limit-empty', `the limit file ${path} names no host; without --limit all hosts would run`);
  }

  /** Undefined for an empty file too: whether that is a mistake depends on the sign. */
  #text(path: string): SourceText | undefined {
    const found = new Mistakes();
    const source = readText(this.#files, path, 'limit file', found);
    for (const { code, message, place } of found.all)
      if (code !== 'file-empty') this.#mistakes.add(code, message, place);
    if (source !== undefined && !this.#read.some(({ file }) => file === path)) this.#read.push(source);
    return source;
  }

  #lines(source: SourceText): readonly Term[] {
    let start = 0;
    return source.text.split('\n').flatMap((line) => {
      const offset = start;
      start += line.length + 1;
      return splitPattern(line.replace(/(^|\s)#.*/, '')).map((part) =>
        readTerm(part, this.#matcher, (code, message) =>
          this.#mistakes.add(code, message, placeAt(source, offset + part.offset)),
        ),
      );
    });
  }
}
