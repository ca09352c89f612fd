import { SyntaxMistake } from './failure.ts';
import { tokensOf } from './lexer.ts';
import { Parser } from './parser.ts';
import type { Expression } from './syntax.ts';

/** A template in pieces; whitespace control is already applied to its texts. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly expression: Expression }
  | { readonly kind: 'tag'; readonly tag: Tag };

export type Tag =
  | { readonly word: 'if' | 'elif'; readonly test: Expression }
  | {
      readonly word: 'for';
      readonly targets: readonly string[];
      readonly over: Expression;
      readonly only?: Expression;
      readonly recursive: boolean;
    }
  | { readonly word: 'set'; readonly targets: readonly string[]; readonly value?: Expression }
  | { readonly word: 'with'; readonly assigned: readonly (readonly [string, Expression])[] }
  | {
      readonly word: 'macro';
      readonly name: string;
      readonly params: readonly (readonly [string, Expression | undefined])[];
    }
  | { readonly word: 'else' | 'endif' | 'endfor' | 'endset' | 'endwith' | 'endmacro' };

const OPENING = /\{[{%#]/g;
const REFUSED_TAGS = [
  'include',
  'import',
  'from',
  'extends',
  'block',
  'call',
  'filter',
  'autoescape',
  'do',
  'break',
  'continue',
];
const ENDS: Readonly<Record<string, string>> = {
  if: 'endif',
  for: 'endfor',
  set: 'endset',
  with: 'endwith',
  macro: 'endmacro',
};

/** Whether a text holds a template at all; without one it is what it says. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.includes('{#');
}

/** Cuts a template into pieces. Throws a `SyntaxMistake`. Blocks trim the newline behind them, as in Ansible. */
export function piecesOf(text: string): readonly Piece[] {
  const cutter = new Cutter(text);
  return cutter.cut();
}

class Cutter {
  readonly #text: string;
  readonly #pieces: Piece[] = [];
  readonly #open: { readonly word: string; readonly at: number }[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  cut(): readonly Piece[] {
    OPENING.lastIndex = 0;
    for (let start = this.#nextOpening(); start !== -1; start = this.#nextOpening()) {
      const dash = this.#text.charAt(start + 2);
      this.#addText(this.#text.slice(this.#at, start), dash === '-');
      const inside = start + 2 + (dash === '-' || dash === '+' ? 1 : 0);
      if (this.#text.charAt(start + 1) === '{') this.#print(inside);
      else if (this.#text.charAt(start + 1) === '#') this.#comment(start);
      else this.#tag(start, inside);
    }
    this.#addText(this.#text.slice(this.#at), false);
    const open = this.#open.at(-1);
    if (open !== undefined)
      throw new SyntaxMistake('template-unclosed', `{% ${open.word} %} has no {% ${ENDS[open.word]} %}`, open.at);
    return this.#pieces;
  }

  #nextOpening(): number {
    OPENING.lastIndex = this.#at;
    return OPENING.exec(this.#text)?.index ?? -1;
  }

  #addText(text: string, trimEnd: boolean): void {
    const kept = trimEnd ? text.trimEnd() : text;
    if (kept !== '') this.#pieces.push({ kind: 'text', text: kept });
  }

  #print(inside: number): void {
    const tokens = tokensOf(this.#text, inside, '}}');
    this.#pieces.push({ kind: 'print', expression: new Parser(tokens).all() });
    const end = tokens.at(-1);
    this.#goOn(end?.to ?? inside, end?.text.startsWith('-') === true, false);
  }

  #comment(start: number): void {
    const end = this.#text.indexOf('#}', start + 2);
    if (end === -1) throw new SyntaxMistake('template-unclosed', 'this comment is never closed; #} is missing', start);
    const sign = this.#text.charAt(end - 1);
    this.#goOn(end + 2, sign === '-', sign !== '+');
  }

  #tag(start: number, inside: number): void {
    const raw = /\s*raw\s*(-?)%\}/y;
    raw.lastIndex = inside;
    const opened = raw.exec(this.#text);
    if (opened !== null) {
      this.#raw(start, raw.lastIndex, opened[1] === '-');
      return;
    }
    const tokens = tokensOf(this.#text, inside, '%}');
    const tag = tagOf(new Parser(tokens));
    this.#nest(tag, start);
    this.#pieces.push({ kind: 'tag', tag });
    const end = tokens.at(-1);
    this.#goOn(end?.to ?? inside, end?.text.startsWith('-') === true, end?.text.startsWith('+') !== true);
  }

  #raw(start: number, from: number, trimStart: boolean): void {
    const closing = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;
    closing.lastIndex = from;
    const end = closing.exec(this.#text);
    if (end === null) throw new SyntaxMistake('template-unclosed', '{% raw %} has no {% endraw %}', start);
    this.#goOn(from, trimStart, true);
    this.#addText(this.#text.slice(this.#at, Math.max(this.#at, end.index)), end[1] === '-');
    this.#goOn(closing.lastIndex, end[2] === '-', end[2] !== '+');
  }

  #goOn(at: number, trimAll: boolean, trimNewline: boolean): void {
    const space = trimAll ? /\s*/y : trimNewline ? /(?:\r\n|\n)?/y : /(?:)/y;
    space.lastIndex = at;
    space.test(this.#text);
    this.#at = space.lastIndex;
  }

  #nest(tag: Tag, at: number): void {
    const innermost = this.#open.at(-1);
    if (tag.word === 'elif' || tag.word === 'else') {
      const fits = innermost?.word === 'if' || (innermost?.word === 'for' && tag.word === 'else');
      if (!fits) throw new SyntaxMistake('template-nesting', `{% ${tag.word} %} belongs to no {% if %}`, at);
    } else if (tag.word.startsWith('end')) {
      if (innermost === undefined || ENDS[innermost.word] !== tag.word)
        throw new SyntaxMistake('template-nesting', `{% ${tag.word} %} closes nothing that is open here`, at);
      this.#open.pop();
    } else if (!(tag.word === 'set' && tag.value !== undefined)) this.#open.push({ word: tag.word, at });
  }
}

function tagOf(parser: Parser): Tag {
  const word = parser.name();
  switch (word.text) {
    case 'if':
    case 'elif':
      return { word: word.text, test: parser.all() };
    case 'for':
      return forTag(parser);
    case 'set':
      return setTag(parser);
    case 'with':
      return withTag(parser);
    case 'macro':
      return macroTag(parser);
    case 'else':
    case 'endif':
    case 'endfor':
    case 'endset':
    case 'endwith':
    case 'endmacro':
      if (word.text.startsWith('end') && parser.peek().kind === 'name') parser.take();
      parser.end();
      return { word: word.text };
    default:
      throw new SyntaxMistake('template-tag', tagRefusal(word.text), word.at);
  }
}

function tagRefusal(word: string): string {
  return REFUSED_TAGS.includes(word)
    ? `{% ${word} %} is not supported; use if, for, set, with, macro and raw`
    : `{% ${word} %} is not known; there are if, for, set, with, macro and raw`;
}

function targetsOf(parser: Parser): readonly string[] {
  const targets: string[] = [];
  const grouped = parser.accept('(');
  do {
    if (targets.length > 0 && ['in', '=', ')'].includes(parser.peek().text)) break;
    let target = parser.name().text;
    if (parser.accept('.')) target += `.${parser.name().text}`;
    targets.push(target);
  } while (parser.accept(','));
  if (grouped) parser.expect(')');
  return targets;
}

function forTag(parser: Parser): Tag {
  const targets = targetsOf(parser);
  parser.expect('in');
  const over = parser.tuple(() => parser.either());
  const only = parser.accept('if') ? parser.expression() : undefined;
  const recursive = parser.accept('recursive');
  parser.end();
  return { word: 'for', targets, over, recursive, ...(only === undefined ? {} : { only }) };
}

function setTag(parser: Parser): Tag {
  const targets = targetsOf(parser);
  if (!parser.accept('=')) {
    parser.end();
    return { word: 'set', targets };
  }
  return { word: 'set', targets, value: parser.all() };
}

function withTag(parser: Parser): Tag {
  const assigned: (readonly [string, Expression])[] = [];
  while (parser.peek().kind !== 'end') {
    const { text } = parser.name();
    parser.expect('=');
    assigned.push([text, parser.expression()]);
    if (!parser.accept(',')) break;
  }
  parser.end();
  return { word: 'with', assigned };
}

function macroTag(parser: Parser): Tag {
  const name = parser.name().text;
  const params: (readonly [string, Expression | undefined])[] = [];
  parser.expect('(');
  while (!parser.accept(')')) {
    const { text } = parser.name();
    params.push([text, parser.accept('=') ? parser.expression() : undefined]);
    if (parser.accept(')')) break;
    parser.expect(',');
  }
  parser.end();
  return { word: 'macro', name, params };
}

/** Every expression that stands in a template. */
export function expressionsIn(pieces: readonly Piece[]): readonly Expression[] {
  return pieces.flatMap((piece) =>
    piece.kind === 'print' ? [piece.expression] : piece.kind === 'tag' ? expressionsOfTag(piece.tag) : [],
  );
}

function expressionsOfTag(tag: Tag): readonly Expression[] {
  switch (tag.word) {
    case 'if':
    case 'elif':
      return [tag.test];
    case 'for':
      return tag.only === undefined ? [tag.over] : [tag.over, tag.only];
    case 'set':
      return tag.value === undefined ? [] : [tag.value];
    case 'with':
      return tag.assigned.map(([, value]) => value);
    case 'macro':
      return tag.params.flatMap(([, value]) => (value === undefined ? [] : [value]));
    default:
      return [];
  }
}

/** Names that a template gives to values itself: loop variables, what it sets, macros and their parameters. */
export function localsOf(pieces: readonly Piece[]): ReadonlySet<string> {
  const locals = new Set<string>();
  for (const piece of pieces) if (piece.kind === 'tag') for (const name of localsOfTag(piece.tag)) locals.add(name);
  return locals;
}

function localsOfTag(tag: Tag): readonly string[] {
  switch (tag.word) {
    case 'for':
      return [...tag.targets, 'loop'];
    case 'set':
      return tag.targets.map((target) => target.split('.')[0] ?? target);
    case 'with':
      return tag.assigned.map(([name]) => name);
    case 'macro':
      return [tag.name, ...tag.params.map(([name]) => name), 'caller', 'varargs', 'kwargs'];
    default:
      return [];
  }
}
