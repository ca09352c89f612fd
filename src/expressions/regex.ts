import { boundedMatch, TooLong } from '../source/bounded-match.ts';
import { Failure } from './failure.ts';
import type { Arguments } from './given.ts';
import { truthy } from './values.ts';

const MOST_COMPILED = 500;
const compiled = new Map<string, RegExp>();

/** A pattern in Python's flavour as JavaScript's. Flags from the filter's options and from `(?i)` at its start. */
export function regexOf(pattern: string, given: Arguments, flags = ''): RegExp {
  const wanted = new Set(flags);
  if (truthy(given.get('ignorecase') ?? false)) wanted.add('i');
  if (truthy(given.get('multiline') ?? false)) wanted.add('m');
  const key = `${[...wanted].sort().join('')}/${pattern}`;
  const known = compiled.get(key) ?? compile(pattern, wanted);
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(key, known);
  known.lastIndex = 0;
  return known;
}

/** Every match in a text, the first alone where the pattern is not a global one. */
export function matchesOf(regex: RegExp, text: string): readonly RegExpExecArray[] {
  const matches = boundedMatch(regex, text.length, () => {
    if (regex.global) return [...text.matchAll(regex)];
    const found = regex.exec(text);
    return found === null ? [] : [found];
  });
  if (matches instanceof TooLong) throw new Failure('error', matches.message);
  return matches;
}

function compile(pattern: string, wanted: Set<string>): RegExp {
  const inline = /^\(\?([aimsux]+)\)/.exec(pattern);
  for (const flag of inline?.[1] ?? '') {
    if (flag === 'x') throw new Failure('error', `the regular expression ${pattern} uses (?x), which is not supported`);
    if ('ims'.includes(flag)) wanted.add(flag);
  }
  const body = translated(pattern.slice(inline?.[0].length ?? 0), wanted.has('m'));
  try {
    return new RegExp(body, [...wanted].join(''));
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*\/[a-z]*: /s, '') : String(error);
    throw new Failure('error', `the regular expression ${pattern} is not one that can be used: ${why}`);
  }
}

/** Outside of brackets, what Python writes otherwise: named groups, `\A`, `\Z`, and `$` before a last newline. */
function translated(pattern: string, multiline: boolean): string {
  const piece = /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?P<|\(\?P=(\w+)\)|\$/g;
  return pattern.replace(piece, (found: string, back: string | undefined) => {
    if (back !== undefined) return `\\k<${back}>`;
    if (found.startsWith('[')) return found.replace(/^\[(\^?)\]/, '[$1\\]');
    switch (found) {
      case '(?P<':
        return '(?<';
      case '\\A':
        return '(?<![\\s\\S])';
      case '\\Z':
        return '(?![\\s\\S])';
      case '$':
        return multiline ? '$' : '(?=\\n?(?![\\s\\S]))';
      default:
        return found;
    }
  });
}

/** Python's replacement templates: `\1`, `\g<1>`, `\g<name>`, `\n`; a group that took no part is empty. */
export function replaced(template: string, match: RegExpExecArray | readonly string[], groups: Groups): string {
  return template.replace(
    /\\(?:g<(\w+)>|([1-9]\d?)|([\s\S]))/g,
    (whole: string, name?: string, number?: string, other?: string) => {
      const group = number ?? name;
      if (group !== undefined) return groupOf(group, match, groups);
      return { n: '\n', t: '\t', r: '\r', '\\': '\\' }[other ?? ''] ?? whole;
    },
  );
}

export type Groups = Readonly<Record<string, string | undefined>> | undefined;

export function groupOf(name: string, match: readonly (string | undefined)[], groups: Groups): string {
  const numbered = /^\d+$/.test(name);
  if (numbered ? Number(name) >= match.length : !Object.hasOwn(groups ?? {}, name))
    throw new Failure('error', `the regular expression has no group ${name}`);
  return (numbered ? match[Number(name)] : groups?.[name]) ?? '';
}
