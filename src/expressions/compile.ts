import { COMPARISONS, DIRECT_TESTS, isDefault, isDirect, methodOf } from './direct.ts';
import { FILTERS } from './filters.ts';
import { flawsIn } from './known.ts';
import type { Flaw } from './scope.ts';
import type { Expression, Given } from './syntax.ts';
import { expressionsIn, localsOf, type Piece, type Tag } from './template.ts';
import { TESTS } from './tests.ts';

/** What the template engine is given: its source, and what must be computed here and bound to names first. */
export interface Program {
  readonly source: string;
  /** Bound to `rg_0`, `rg_1`, …; left unbound where undefined. */
  readonly bound: readonly Expression[];
  /** Where paths with computed keys begin; told by their number. */
  readonly roots: readonly Expression[];
  /** Names that the template sets itself, but that may have had a value before. */
  readonly locals: ReadonlySet<string>;
  /** What the engine would stumble over, in better words. */
  readonly flaws: readonly Flaw[];
}

const COMPARED: readonly string[] = [...COMPARISONS, 'in', 'not in'];
const NO_LOCALS: ReadonlySet<string> = new Set();

/** Stands for what is undefined where a filter of ours is given it. */
export const UNDEFINED_NAME = 'rg_undefined';

export function programOf(expression: Expression): Program {
  const writer = new Writer(NO_LOCALS);
  const source = `(${writer.write(expression)})|default(${UNDEFINED_NAME})`;
  return { source, bound: writer.bound, roots: writer.roots, locals: NO_LOCALS, flaws: flawsIn(expression, NO_LOCALS) };
}

/** A template with statements. Whitespace control is done, so the engine finds none. */
export function templateProgramOf(pieces: readonly Piece[]): Program {
  const locals = localsOf(pieces);
  const writer = new Writer(locals);
  const source = pieces.map((piece) => writePiece(piece, writer)).join('');
  const flaws = expressionsIn(pieces).flatMap((expression) => flawsIn(expression, locals));
  return { source, bound: writer.bound, roots: writer.roots, locals, flaws };
}

function writePiece(piece: Piece, writer: Writer): string {
  switch (piece.kind) {
    case 'text':
      return /\{[{%#]|\{$/.test(piece.text) ? `{{ ${quoted(piece.text)} }}` : piece.text;
    case 'print':
      return `{{ ${writer.printed(piece.expression)} }}`;
    case 'tag':
      return `{% ${writeTag(piece.tag, writer)} %}`;
  }
}

function writeTag(tag: Tag, writer: Writer): string {
  switch (tag.word) {
    case 'if':
    case 'elif':
      return `${tag.word} ${writer.used(tag.test)}`;
    case 'for': {
      const only = tag.only === undefined ? '' : ` if ${writer.used(tag.only)}`;
      return `for ${tag.targets.join(', ')} in ${writer.used(inOrder(tag.over))}${only}${tag.recursive ? ' recursive' : ''}`;
    }
    case 'set':
      return `set ${tag.targets.join(', ')}${tag.value === undefined ? '' : ` = ${writer.write(tag.value)}`}`;
    case 'with':
      return `with ${tag.assigned.map(([name, value]) => `${name} = ${writer.write(value)}`).join(', ')}`;
    case 'macro':
      return `macro ${tag.name}(${tag.params.map(([name, value]) => (value === undefined ? name : `${name}=${writer.write(value)}`)).join(', ')})`;
    default:
      return tag.word;
  }
}

/** The keys of a dictionary that is looped over are taken here: the engine would sort them. */
function inOrder(over: Expression): Expression {
  const given: Given = { positional: [], named: new Map() };
  return { kind: 'filter', name: 'list', of: over, given, at: over.at };
}

class Writer {
  readonly bound: Expression[] = [];
  readonly roots: Expression[] = [];
  readonly #locals: ReadonlySet<string>;

  constructor(locals: ReadonlySet<string>) {
    this.#locals = locals;
  }

  write(expression: Expression): string {
    if (expression.kind === 'constant') return constant(expression.value, expression.digits);
    if (isDirect(expression, this.#locals)) return `rg_${this.bound.push(expression) - 1}`;
    return `(${this.#engines(expression)})`;
  }

  printed(expression: Expression): string {
    return `${this.#given(expression)}|rg_print`;
  }

  /** A value that is used: the engine's own filters and operators would take what is undefined for nothing. */
  used(expression: Expression): string {
    const present = ['constant', 'list', 'map', 'test', 'slice'].includes(expression.kind);
    return present ? this.write(expression) : `(${this.#given(expression)}|rg_used)`;
  }

  /** A value on its way into a filter of ours, which must see what is undefined. */
  #given(expression: Expression): string {
    return `(${this.write(expression)}|default(${UNDEFINED_NAME}))`;
  }

  #engines(expression: Expression): string {
    switch (expression.kind) {
      case 'constant':
      case 'name':
        return expression.kind === 'name' ? expression.name : constant(expression.value);
      case 'item':
        return this.#item(expression);
      case 'slice':
        return `${this.write(expression.of)}[${expression.bounds.map((bound) => (bound === undefined ? '' : this.write(bound))).join(':')}]`;
      case 'call':
        return this.#call(expression);
      case 'filter':
        return this.#filter(expression);
      case 'test':
        return TESTS.has(expression.name)
          ? `${this.#given(expression.of)} is rgt_${expression.name}${this.#ours(expression.given)}`
          : `${DIRECT_TESTS.includes(expression.name) ? this.write(expression.of) : this.used(expression.of)} is ${expression.name}${this.#theirs(expression.given)}`;
      case 'unary':
        return `${expression.operator} ${this.used(expression.of)}`;
      case 'binary':
        return this.#binary(expression.operator, expression.left, expression.right);
      case 'choice': {
        const otherwise = expression.otherwise === undefined ? '' : ` else ${this.write(expression.otherwise)}`;
        return `${this.write(expression.then)} if ${this.used(expression.test)}${otherwise}`;
      }
      case 'list':
        return `[${expression.items.map((item) => this.used(item)).join(', ')}]`;
      case 'map':
        return `{${expression.entries.map(([key, value]) => `${this.used(key)}: ${this.used(value)}`).join(', ')}}`;
    }
  }

  #item(expression: Expression & { readonly kind: 'item' }): string {
    const keys: Expression[] = [];
    let root: Expression = expression;
    while (root.kind === 'item') {
      keys.unshift(root.key);
      root = root.of;
    }
    if (root.kind === 'name' && !this.#locals.has(root.name)) {
      // A list of one or none: the first of none is undefined, which nothing else can say to the engine.
      const from = this.roots.push(root) - 1;
      return `(${from}|rg_reach([${keys.map((key) => this.#given(key)).join(', ')}]))|first`;
    }
    const { key } = expression;
    if (key.kind === 'constant' && typeof key.value === 'string' && /^[A-Za-z_]\w*$/.test(key.value))
      return `${this.write(expression.of)}.${key.value}`;
    return `${this.write(expression.of)}[${this.write(key)}]`;
  }

  #call(call: Expression & { readonly kind: 'call' }): string {
    const { of, given } = call;
    if (of.kind === 'name') return `${of.name}${this.#theirs(given, true)}`;
    if (methodOf(call) === 'get' && of.kind === 'item')
      return `${this.#given(of.of)}|rg_get([${given.positional.map((one) => this.#given(one)).join(', ')}])`;
    if (of.kind === 'item' && of.key.kind === 'constant')
      return `${this.write(of.of)}.${String(of.key.value)}${this.#theirs(given, true)}`;
    return `${this.write(of)}${this.#theirs(given, true)}`;
  }

  #filter(filter: Expression & { readonly kind: 'filter' }): string {
    const { of, name, given } = filter;
    if (isDefault(name)) return `${this.write(of)}|default(${this.#defaults(given)})`;
    if (FILTERS.has(name)) return `${this.#given(of)}|rgf_${name}${this.#ours(given)}`;
    return `${this.used(of)}|${name}${this.#theirs(given)}`;
  }

  #defaults(given: Given): string {
    const value = given.positional[0] ?? given.named.get('default_value');
    const boolean = given.positional[1] ?? given.named.get('boolean');
    return [value, boolean]
      .map((one, index) => (one === undefined ? ['""', 'false'][index] : this.write(one)))
      .join(', ');
  }

  #binary(operator: string, left: Expression, right: Expression): string {
    if (COMPARED.includes(operator)) return `${this.#given(left)}|rg_compare("${operator}", ${this.#given(right)})`;
    if (operator === '~') return `(${this.#given(left)}|rgf_string) ~ (${this.#given(right)}|rgf_string)`;
    if (operator === '*') return `${this.#given(left)}|rg_times(${this.#given(right)})`;
    const last = operator === 'and' || operator === 'or' ? this.write(right) : this.used(right);
    return `${this.used(left)} ${operator} ${last}`;
  }

  #ours(given: Given): string {
    const named = [...given.named].map(([key, value]) => `${quoted(key)}: ${this.#given(value)}`);
    return `([${given.positional.map((one) => this.#given(one)).join(', ')}], {${named.join(', ')}})`;
  }

  #theirs(given: Given, always = false): string {
    const all = [
      ...given.positional.map((one) => this.used(one)),
      ...[...given.named].map(([key, value]) => `${key}=${this.used(value)}`),
    ];
    return all.length === 0 && !always ? '' : `(${all.join(', ')})`;
  }
}

function constant(value: unknown, digits?: string): string {
  if (digits !== undefined) return digits;
  return typeof value === 'string' ? quoted(value) : value === null ? 'none' : String(value);
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\\u007f', '\u007f');
}
