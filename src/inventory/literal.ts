import { PYTHON_ESCAPES } from '../source/python-text.ts';
import type { Value } from '../source/value.ts';

/**
 * The value of a text as INI inventories type it: Python's `ast.literal_eval`, and the text itself where that is not a
 * literal. `8080` is a number, `True` a boolean, `true`, `yes` and `010` are strings, `80,443` is a list.
 */
export function typeValue(text: string): Value {
  try {
    return new Literal(text).read();
  } catch (problem) {
    if (problem === NOT_A_LITERAL) return text;
    throw problem;
  }
}

/** One for all: most values are plain words, and a stack trace for each is slow. */
const NOT_A_LITERAL = new Error('not a literal');

const DEEPEST = 100;
const NUMBER =
  /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?[eE][+-]?\d(?:_?\d)*|\d(?:_?\d)*\.|[1-9](?:_?\d)*|0(?:_?0)*)(?![\w.])/y;
const STRING_START = /(?:[rR]|[uU]|[bB]|[rR][bB]|[bB][rR])?('''|"""|'|")/y;
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const CONSTANTS = new Map<string, Value>([
  ['True', true],
  ['False', false],
  ['None', null],
]);

/** Reads one Python literal; throws NOT_A_LITERAL where Python would refuse or where JSON has no such value. */
class Literal {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Value {
    const value = this.#readTuple(undefined, 0);
    this.#skipBlanks();
    if (this.#peek() === '#') return value;
    if (this.#at < this.#text.length) throw NOT_A_LITERAL;
    return value;
  }

  /** One value, or several with commas: Python calls that a tuple, with or without parentheses. */
  #readTuple(close: string | undefined, depth: number): Value {
    const items: Value[] = [];
    let commas = 0;
    while (!this.#ends(close)) {
      if (commas < items.length) throw NOT_A_LITERAL;
      items.push(this.#readValue(depth));
      if (this.#skip(',')) commas += 1;
    }
    if (items.length === 0 && close === undefined) throw NOT_A_LITERAL;
    const [only] = items;
    return items.length === 1 && commas === 0 && only !== undefined ? only : items;
  }

  #ends(close: string | undefined): boolean {
    this.#skipBlanks();
    if (close === undefined) return this.#at >= this.#text.length || this.#peek() === '#';
    return this.#skip(close);
  }

  #readValue(depth: number): Value {
    if (depth > DEEPEST) throw NOT_A_LITERAL;
    this.#skipBlanks();
    if (this.#skip('(')) return this.#readTuple(')', depth + 1);
    if (this.#skip('[')) return this.#readList(']', depth);
    if (this.#skip('{')) return this.#readBraces(depth);
    if (this.#skip('+')) return this.#readNumber(1);
    if (this.#skip('-')) return this.#readNumber(-1);
    const string = this.#readString();
    if (string !== undefined) return this.#readMoreStrings(string);
    const word = this.#readWord();
    return word === undefined ? this.#readNumber(1) : word;
  }

  #readList(close: string, depth: number): readonly Value[] {
    const items: Value[] = [];
    while (!this.#skip(close)) {
      items.push(this.#readValue(depth + 1));
      if (!this.#skip(',') && !this.#sees(close)) throw NOT_A_LITERAL;
    }
    return items;
  }

  /** A dictionary, or a set, which becomes a list as in Ansible's JSON. */
  #readBraces(depth: number): Value {
    if (this.#skip('}')) return {};
    const first = this.#readValue(depth + 1);
    if (!this.#skip(':')) {
      if (!this.#skip(',') && !this.#sees('}')) throw NOT_A_LITERAL;
      return [...new Set([first, ...this.#readList('}', depth)])];
    }
    const entries: [string, Value][] = [[keyOf(first), this.#readValue(depth + 1)]];
    while (!this.#skip('}')) {
      if (!this.#skip(',')) throw NOT_A_LITERAL;
      if (this.#skip('}')) break;
      const key = keyOf(this.#readValue(depth + 1));
      if (!this.#skip(':')) throw NOT_A_LITERAL;
      entries.push([key, this.#readValue(depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  #readNumber(sign: 1 | -1): number {
    this.#skipBlanks();
    const [text] = this.#match(NUMBER) ?? [];
    if (text === undefined) throw NOT_A_LITERAL;
    const value = Number(text.replaceAll('_', ''));
    const exact = /^[\d_]+$|^0[xob]/i.test(text) ? Number.isSafeInteger(value) : Number.isFinite(value);
    if (!exact) throw NOT_A_LITERAL;
    return sign === -1 && value !== 0 ? -value : value;
  }

  /** Null has to be told from "no such word": undefined is the latter. */
  #readWord(): Value | undefined {
    const [word] = this.#match(WORD) ?? [];
    if (word === undefined) return undefined;
    const value = CONSTANTS.get(word);
    if (value !== undefined) return value;
    if (word === 'set' && this.#skip('(') && this.#skip(')')) return [];
    throw NOT_A_LITERAL;
  }

  #readMoreStrings(first: string): string {
    let text = first;
    for (let more = this.#readString(); more !== undefined; more = this.#readString()) text += more;
    return text;
  }

  #readString(): string | undefined {
    this.#skipBlanks();
    const [start, quote = ''] = this.#match(STRING_START) ?? [];
    if (start === undefined) return undefined;
    const raw = /^[^'"]*[rR]/.test(start);
    let text = '';
    while (!this.#text.startsWith(quote, this.#at)) {
      const char = this.#text[this.#at];
      if (char === undefined) throw NOT_A_LITERAL;
      text += char === '\\' ? this.#readEscape(raw) : char;
      if (char !== '\\') this.#at += 1;
    }
    this.#at += quote.length;
    return text;
  }

  #readEscape(raw: boolean): string {
    const [whole] = this.#match(ESCAPE) ?? [];
    if (whole === undefined) throw NOT_A_LITERAL;
    return raw ? whole : unescapePython(whole);
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #sees(char: string): boolean {
    this.#skipBlanks();
    return this.#peek() === char;
  }

  #skip(char: string): boolean {
    if (!this.#sees(char)) return false;
    this.#at += 1;
    return true;
  }

  #skipBlanks(): void {
    while (' \t\f'.includes(this.#peek() ?? 'x')) this.#at += 1;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }
}

function keyOf(value: Value): string {
  if (typeof value === 'object' && value !== null) throw NOT_A_LITERAL;
  return value === null ? 'null' : String(value);
}

const ESCAPE = /\\(?:[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^xuUN])/suy;
function unescapePython(written: string): string {
  const rest = written.slice(1);
  if (/^[0-7]/.test(rest)) return String.fromCodePoint(Number.parseInt(rest, 8));
  if (/^[xuU]/.test(rest)) return fromHex(rest.slice(1));
  if (rest === '\n') return '';
  // Python keeps a backslash that begins no escape.
  return PYTHON_ESCAPES.get(rest) ?? written;
}

function fromHex(digits: string): string {
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff) throw NOT_A_LITERAL;
  return String.fromCodePoint(code);
}
