const SPACE = /\s/;
/** What a backslash takes away within double quotes, as systemd has it. */
const ESCAPABLE = '"\\`$';

/**
 * An EnvironmentFile as systemd reads it, which is not as a shell does: nothing is expanded, quotes count only where a
 * value or a piece of it begins, a backslash at the end of a line joins lines, `export` is part of a name.
 */
export function readEnvironmentFile(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    const begin = text[at] ?? '';
    if (SPACE.test(begin)) at += 1;
    else if (begin === '#' || begin === ';') at = afterComment(text, at);
    else at = readAssignment(text, at, found);
  }
  return found;
}

function afterComment(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** A line without `=` is none. */
function readAssignment(text: string, from: number, found: Map<string, string>): number {
  const end = text.indexOf('\n', from);
  const line = text.slice(from, end < 0 ? text.length : end);
  const equals = line.indexOf('=');
  if (equals < 0) return from + line.length + 1;
  const { value, next } = readValue(text, from + equals + 1);
  found.set(line.slice(0, equals).trimEnd(), value);
  return next;
}

/** Pieces in quotes and a piece without, one after the other; the last without quotes goes to the end of the line. */
function readValue(text: string, from: number): { readonly value: string; readonly next: number } {
  let value = '';
  let at = from;
  for (;;) {
    while (at < text.length && text[at] !== '\n' && SPACE.test(text[at] ?? '')) at += 1;
    const quote = text[at];
    if (quote !== '"' && quote !== "'") break;
    const piece = readQuoted(text, at + 1, quote);
    value += piece.value;
    at = piece.next;
  }
  const bare = readBare(text, at);
  return { value: value + bare.value, next: bare.next };
}

function readQuoted(text: string, from: number, quote: string): { readonly value: string; readonly next: number } {
  let value = '';
  let at = from;
  while (at < text.length && text[at] !== quote) {
    const next = text[at + 1] ?? '';
    if (text[at] !== '\\' || quote === "'") value += text[at++];
    else {
      if (next !== '\n') value += ESCAPABLE.includes(next) ? next : `\\${next}`;
      at += 2;
    }
  }
  return { value, next: at + 1 };
}

function readBare(text: string, from: number): { readonly value: string; readonly next: number } {
  let value = '';
  let at = from;
  for (; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at += 1;
    if (text[at] !== '\n' || text[at - 1] !== '\\') value += text[at] ?? '';
  }
  return { value: value.trimEnd(), next: at + 1 };
}
