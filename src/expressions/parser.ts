import { SyntaxMistake } from './failure.ts';
import type { Token } from './lexer.ts';
import type { Expression, Given } from './syntax.ts';

const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
] as const);
const RESERVED = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else', 'for', 'recursive']);
/** From loosest to tightest; `**` and signs are handled apart. */
const ARITHMETIC = [['+', '-'], ['~'], ['*', '/', '//', '%']] as const;
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];

/** Jinja's grammar of expressions over a list of tokens. */
export class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The whole of the tokens as one expression; a comma makes a tuple. */
  all(): Expression {
    const expression = this.tuple();
    this.end();
    return expression;
  }

  end(): void {
    const token = this.peek();
    if (token.kind !== 'end') this.#refuse(token);
  }

  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new Error('a list of tokens without an end');
    return token;
  }

  take(): Token {
    const token = this.peek();
    this.#next += 1;
    return token;
  }

  /** Takes the operator or word if it comes next. */
  accept(text: string): boolean {
    const token = this.peek();
    if (token.text !== text || (token.kind !== 'operator' && token.kind !== 'name')) return false;
    this.#next += 1;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) this.#refuse(this.peek(), ` where "${text}" is expected`);
  }

  name(): Token {
    const token = this.take();
    if (token.kind !== 'name') this.#refuse(token, ' where a name is expected');
    return token;
  }

  tuple(parse = () => this.expression()): Expression {
    const first = parse();
    if (this.peek().text !== ',' || this.peek().kind !== 'operator') return first;
    const items = [first];
    while (this.accept(',') && this.peek().kind !== 'end') items.push(parse());
    return { kind: 'list', items, at: first.at };
  }

  expression(): Expression {
    const then = this.either();
    if (!this.accept('if')) return then;
    const test = this.either();
    if (!this.accept('else')) return { kind: 'choice', test, then, at: then.at };
    return { kind: 'choice', test, then, otherwise: this.expression(), at: then.at };
  }

  either(): Expression {
    return this.#leftward(() => this.#both(), ['or']);
  }

  #both(): Expression {
    return this.#leftward(() => this.#negation(), ['and']);
  }

  #leftward(parse: () => Expression, operators: readonly string[]): Expression {
    let left = parse();
    for (let token = this.peek(); operators.includes(token.text) && this.accept(token.text); token = this.peek()) {
      left = { kind: 'binary', operator: token.text, left, right: parse(), at: left.at };
    }
    return left;
  }

  #negation(): Expression {
    const { at } = this.peek();
    return this.accept('not') ? { kind: 'unary', operator: 'not', of: this.#negation(), at } : this.#comparison();
  }

  /** `a < b < c` is `a < b and b < c`, as in Python. */
  #comparison(): Expression {
    let left = this.#arithmetic(0);
    let whole: Expression | undefined;
    for (let operator = this.#comparator(); operator !== undefined; operator = this.#comparator()) {
      const right = this.#arithmetic(0);
      const one: Expression = { kind: 'binary', operator, left, right, at: left.at };
      whole = whole === undefined ? one : { kind: 'binary', operator: 'and', left: whole, right: one, at: whole.at };
      left = right;
    }
    return whole ?? left;
  }

  #comparator(): string | undefined {
    const token = this.peek();
    if (token.kind === 'operator' && COMPARISONS.includes(token.text)) return this.take().text;
    if (token.kind !== 'name') return undefined;
    if (this.accept('in')) return 'in';
    if (token.text !== 'not' || this.peek(1).text !== 'in') return undefined;
    this.#next += 2;
    return 'not in';
  }

  #arithmetic(level: number): Expression {
    const operators = ARITHMETIC[level];
    return operators === undefined ? this.#signed() : this.#leftward(() => this.#arithmetic(level + 1), operators);
  }

  #signed(): Expression {
    const token = this.peek();
    if (token.kind === 'operator' && (token.text === '-' || token.text === '+')) {
      this.take();
      const of = this.#power(this.#primary());
      return this.#behind({ kind: 'unary', operator: token.text, of, at: token.at });
    }
    return this.#behind(this.#power(this.#primary()));
  }

  #power(left: Expression): Expression {
    if (!this.accept('**')) return left;
    return { kind: 'binary', operator: '**', left, right: this.#signed(), at: left.at };
  }

  /** Filters and tests. They bind tighter than any operator but the sign before them. */
  #behind(expression: Expression): Expression {
    let whole = expression;
    for (;;) {
      if (this.accept('|')) whole = this.#filter(whole);
      else if (this.peek().kind === 'name' && this.accept('is')) whole = this.#test(whole);
      else return whole;
    }
  }

  #filter(of: Expression): Expression {
    const { text, at } = this.#dottedName();
    const filtered: Expression = { kind: 'filter', of, name: text, given: this.#givenIfAny(), at };
    return this.#suffixes(filtered);
  }

  /** `ansible.builtin.bool` is `bool`. */
  #dottedName(): Token {
    const first = this.name();
    let last = first;
    while (this.peek().text === '.' && this.peek().kind === 'operator') {
      this.take();
      last = this.name();
      if (this.peek().text !== '.' && first.text !== 'ansible')
        throw new SyntaxMistake(
          'expression-syntax',
          `"${first.text}.${last.text}" comes from a collection; only ansible.builtin's are here`,
          first.at,
        );
    }
    return { ...last, at: first.at };
  }

  #test(of: Expression): Expression {
    const negated = this.accept('not');
    const { text: name, at } = this.#dottedName();
    const test: Expression = { kind: 'test', of, name, given: this.#testGiven(), at };
    return negated ? { kind: 'unary', operator: 'not', of: test, at: of.at } : test;
  }

  /** `is version('1.2', '>=')`, or one value without parentheses: `is divisibleby 3`. */
  #testGiven(): Given {
    const token = this.peek();
    const begins =
      token.kind === 'string' ||
      token.kind === 'number' ||
      (token.kind === 'name' && !RESERVED.has(token.text)) ||
      (token.kind === 'operator' && (token.text === '[' || token.text === '{'));
    return begins ? { positional: [this.#primary()], named: new Map() } : this.#givenIfAny();
  }

  #givenIfAny(): Given {
    return this.accept('(') ? this.given() : { positional: [], named: new Map() };
  }

  /** Behind an opening parenthesis, up to and with the closing one. */
  given(): Given {
    const positional: Expression[] = [];
    const named = new Map<string, Expression>();
    while (!this.accept(')')) {
      if (this.peek().kind === 'name' && this.peek(1).text === '=') {
        const { text } = this.take();
        this.take();
        named.set(text, this.expression());
      } else positional.push(this.expression());
      if (this.accept(')')) break;
      this.expect(',');
    }
    return { positional, named };
  }

  #primary(): Expression {
    return this.#suffixes(this.#atom());
  }

  #suffixes(start: Expression): Expression {
    let whole = start;
    for (;;) {
      const { at } = this.peek();
      if (this.accept('.')) whole = { kind: 'item', of: whole, key: this.#attribute(), at };
      else if (this.accept('[')) whole = this.#subscript(whole, at);
      else if (this.accept('(')) whole = { kind: 'call', of: whole, given: this.given(), at };
      else return whole;
    }
  }

  #attribute(): Expression {
    const token = this.take();
    if (token.kind === 'number' && /^\d+$/.test(token.text))
      return { kind: 'constant', value: Number(token.text), digits: token.text, at: token.at };
    if (token.kind !== 'name') this.#refuse(token, ' where an attribute is expected');
    return { kind: 'constant', value: token.text, at: token.at };
  }

  #subscript(of: Expression, at: number): Expression {
    const bounds: (Expression | undefined)[] = [undefined];
    while (!this.accept(']')) {
      if (this.accept(':')) bounds.push(undefined);
      else if (bounds.at(-1) === undefined) bounds[bounds.length - 1] = this.expression();
      else this.#refuse(this.peek(), ' where "]" is expected');
    }
    const [key] = bounds;
    if (bounds.length > 1) return { kind: 'slice', of, bounds, at };
    if (key === undefined) throw new SyntaxMistake('expression-syntax', 'a subscript needs a key', at);
    return { kind: 'item', of, key, at };
  }

  #atom(): Expression {
    const token = this.take();
    const { at } = token;
    if (token.kind === 'string') return { kind: 'constant', value: this.#joined(token), at };
    if (token.kind === 'number') return numberOf(token);
    if (token.kind === 'name' && !RESERVED.has(token.text)) {
      const constant = CONSTANTS.get(token.text);
      return constant === undefined
        ? { kind: 'name', name: token.text, at }
        : { kind: 'constant', value: constant, at };
    }
    if (token.kind !== 'operator') this.#refuse(token);
    if (token.text === '(') return this.#parenthesis(at);
    if (token.text === '[') return { kind: 'list', items: this.#items(']'), at };
    if (token.text === '{') return { kind: 'map', entries: this.#entries(), at };
    return this.#refuse(token);
  }

  #joined(token: Token): string {
    let text = token.text;
    while (this.peek().kind === 'string') text += this.take().text;
    return text;
  }

  #parenthesis(at: number): Expression {
    if (this.accept(')')) return { kind: 'list', items: [], at };
    const first = this.expression();
    if (this.accept(')')) return first;
    this.expect(',');
    return { kind: 'list', items: [first, ...this.#items(')')], at };
  }

  #items(closer: string): readonly Expression[] {
    const items: Expression[] = [];
    while (!this.accept(closer)) {
      items.push(this.expression());
      if (this.peek().text === 'for')
        throw new SyntaxMistake(
          'expression-syntax',
          'Jinja has no list comprehensions; use "map" and "select"',
          this.peek().at,
        );
      if (this.accept(closer)) break;
      this.expect(',');
    }
    return items;
  }

  #entries(): readonly (readonly [Expression, Expression])[] {
    const entries: (readonly [Expression, Expression])[] = [];
    while (!this.accept('}')) {
      const key = this.expression();
      this.expect(':');
      entries.push([key, this.expression()]);
      if (this.accept('}')) break;
      this.expect(',');
    }
    return entries;
  }

  #refuse(token: Token, where = ''): never {
    const what =
      token.kind === 'end'
        ? 'the expression ends too early'
        : token.text === '=' && token.kind === 'operator'
          ? '"=" assigns; to compare write "=="'
          : `"${token.text}" does not belong here`;
    throw new SyntaxMistake('expression-syntax', token.text === '=' ? what : `${what}${where}`, token.at);
  }
}

function numberOf(token: Token): Expression {
  const digits = token.text.replaceAll('_', '');
  if (/^\d+$/.test(digits) && BigInt(digits) !== BigInt(Number(digits)))
    throw new SyntaxMistake(
      'expression-number',
      `${digits} is too large a number to compute with exactly; quote it`,
      token.at,
    );
  return { kind: 'constant', value: Number(digits), digits, at: token.at };
}
