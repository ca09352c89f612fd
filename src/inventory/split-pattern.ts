import { isIPv6 } from 'node:net';

/** A single pattern of a list, its sign apart. Offsets count UTF-16 units in the whole. */
export interface PatternPart {
  readonly sign: '' | '&' | '!';
  readonly body: string;
  readonly offset: number;
}

/**
 * Cuts `web:db:!web1` or `web,db` apart. Commas win: with one in the text, colons no longer separate, so that IPv6
 * addresses can be listed. Nothing is cut inside brackets.
 */
export function splitPattern(pattern: string): readonly PatternPart[] {
  const bare = pattern.trim().replace(/^[!&]/, '');
  const separator = hasOutsideBrackets(pattern, ',') ? /,/ : isIPv6(bare) ? /$^/ : /[:\s]/;
  const parts: PatternPart[] = [];
  let start = 0;
  for (const end of [...cuts(pattern, separator), pattern.length]) {
    const part = readPart(pattern.slice(start, end), start);
    if (part !== undefined) parts.push(part);
    start = end + 1;
  }
  return parts;
}

function readPart(text: string, start: number): PatternPart | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const sign = trimmed.startsWith('!') ? '!' : trimmed.startsWith('&') ? '&' : '';
  return { sign, body: trimmed.slice(sign.length), offset: start + text.length - text.trimStart().length };
}

function hasOutsideBrackets(pattern: string, char: string): boolean {
  return cuts(pattern, new RegExp(char)).length > 0;
}

function cuts(pattern: string, separator: RegExp): readonly number[] {
  const found: number[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const close = pattern[at] === '[' ? pattern.indexOf(']', at) : -1;
    if (close !== -1) at = close;
    else if (separator.test(pattern[at] ?? '')) found.push(at);
  }
  return found;
}
