import { SyntaxMistake } from './failure.ts';

export interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'operator' | 'end';
  /** The name, the operator, the digits, or what a string says once its escapes are undone. */
  readonly text: string;
  readonly at: number;
  /** Just behind it. */
  readonly to: number;
}

const SPACE = /\s+/y;
const NAME = /[A-Za-z_]\w*/y;
const NUMBER = /(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)/y;
const OPERATOR = /\*\*|\/\/|==|!=|<=|>=|[-+*/%~<>=()[\]{},.:|]/y;
const OPENERS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * The tokens of an expression from an offset on, up to its closer (`}}`, `%}`, with or without `-`), or to the end of
 * the text when there is none to find. The last token is of the kind `end` and covers the closer. A backslash within
 * `{{ }}` is a backslash, as Ansible has it, so that patterns need no doubling; elsewhere it escapes, as in Python.
 */
export function tokensOf(text: string, from: number, closer?: '}}' | '%}'): readonly Token[] {
  const tokens: Token[] = [];
  const open: Token[] = [];
  let at = skipSpace(text, from);
  while (at < text.length) {
    if (open.length === 0 && closer !== undefined) {
      const end = closerAt(text, at, closer);
      if (end !== undefined) return [...tokens, end];
    }
    const token = tokenAt(text, at, closer === '}}');
    balance(token, open);
    tokens.push(token);
    at = skipSpace(text, token.to);
  }
  if (closer !== undefined) {
    throw new SyntaxMistake('template-unclosed', `this is never closed; ${closer} is missing`, Math.max(0, from - 2));
  }
  const last = open.at(-1);
  if (last !== undefined) throw new SyntaxMistake('expression-syntax', `"${last.text}" is never closed`, last.at);
  return [...tokens, { kind: 'end', text: '', at: text.length, to: text.length }];
}

function closerAt(text: string, at: number, closer: string): Token | undefined {
  for (const form of [`-${closer}`, `+${closer}`, closer]) {
    if (text.startsWith(form, at)) return { kind: 'end', text: form, at, to: at + form.length };
  }
  return undefined;
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  return SPACE.test(text) ? SPACE.lastIndex : at;
}

function balance(token: Token, open: Token[]): void {
  if (token.kind !== 'operator') return;
  if (OPENERS[token.text] !== undefined) open.push(token);
  else if (')]}'.includes(token.text) && token.text !== '') {
    const opener = open.pop();
    if (opener === undefined || OPENERS[opener.text] !== token.text)
      throw new SyntaxMistake('expression-syntax', `"${token.text}" closes nothing`, token.at);
  }
}

function tokenAt(text: string, at: number, plainBackslashes: boolean): Token {
  const quote = text.charAt(at);
  if (quote === '"' || quote === "'") return stringAt(text, at, plainBackslashes);
  for (const [kind, pattern] of [
    ['name', NAME],
    ['number', NUMBER],
    ['operator', OPERATOR],
  ] as const) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) return { kind, text: found[0], at, to: at + found[0].length };
  }
  throw new SyntaxMistake('expression-syntax', unexpected(text, at), at);
}

function unexpected(text: string, at: number): string {
  const two = text.slice(at, at + 2);
  if (two === '&&') return '"&&" is not Jinja; write "and"';
  if (text.charAt(at) === '!') return '"!" is not Jinja; write "not"';
  return `"${String.fromCodePoint(text.codePointAt(at) ?? 32)}" does not belong in an expression`;
}

function stringAt(text: string, at: number, plainBackslashes: boolean): Token {
  const quote = text.charAt(at);
  let end = at + 1;
  while (end < text.length && text.charAt(end) !== quote) end += text.charAt(end) === '\\' ? 2 : 1;
  if (end >= text.length)
    throw new SyntaxMistake('expression-syntax', `the text that begins here lacks its closing ${quote}`, at);
  const body = text.slice(at + 1, end);
  const said = plainBackslashes ? body.replaceAll(`\\${quote}`, quote) : unescapeText(body);
  return { kind: 'string', text: said, at, to: end + 1 };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** As Python reads a string: an escape that it does not know stays as it is, so that '\d' is a digit's pattern. */
function unescapeText(body: string): string {
  return body.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole: string, ...groups: (string | undefined)[]) => {
      const hex = groups[0] ?? groups[1] ?? groups[2];
      if (hex !== undefined) return codePoint(Number.parseInt(hex, 16), whole);
      if (groups[3] !== undefined) return codePoint(Number.parseInt(groups[3], 8), whole);
      return ESCAPES[groups[4] ?? ''] ?? whole;
    },
  );
}

function codePoint(code: number, whole: string): string {
  return code > 0x10ffff ? whole : String.fromCodePoint(code);
}
