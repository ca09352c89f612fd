import { didYouMean } from '../source/nearest.ts';
import { isList, isMap, type Value } from '../source/value.ts';
import type { Program } from './compile.ts';
import { isDefault, isDirect, isFloating, methodOf } from './direct.ts';
import { compared, type Engine, entryOr, type Surroundings } from './engine.ts';
import { Failure, Missing, present } from './failure.ts';
import { FILTERS, itemsOf } from './filters.ts';
import { applyBuiltin } from './given.ts';
import { inside, missingKey } from './lookup.ts';
import { OMIT } from './omit.ts';
import type { LazyMap, Scope, Variable } from './scope.ts';
import { applySequence, type Call, type Item, type Items, SEQUENCES } from './sequences.ts';
import type { Expression, Given } from './syntax.ts';
import { isTemplate, type Piece } from './template.ts';
import { TESTS } from './tests.ts';
import { programFor, templateOf } from './texts.ts';
import { asPythonText, kindOf, mapOf, printed, truthy } from './values.ts';

const NO_LOCALS: ReadonlySet<string> = new Set();

/** One evaluation: what a scope says, with written variables rendered when they are used, and each only once. */
export class Evaluation {
  readonly #scope: Scope;
  readonly #engine: Engine;
  readonly #known = new Map<string, Reached | Missing>();
  readonly #made = new Map<string, Value | Missing>();
  /** Variables that are being rendered, outermost first. */
  readonly #rendering: string[];
  readonly #label: string;

  constructor(scope: Scope, engine: Engine, rendering: string[] = [], label = '') {
    this.#scope = scope;
    this.#engine = engine;
    this.#rendering = rendering;
    this.#label = label;
  }

  /** The value of an expression, or what is missing. Throws a `Failure`. */
  compute(expression: Expression): Value | Missing {
    if (isDirect(expression, NO_LOCALS)) return this.#direct(expression);
    return this.#withEngine(programFor(expression), (program, around) => this.#engine.evaluate(program.source, around));
  }

  /** The value of an expression that must have one. */
  value(expression: Expression): Value {
    return present(this.compute(expression));
  }

  /** A template's value: of its own type when it is one expression and nothing else, else text. */
  render(text: string): Value {
    if (!isTemplate(text)) return text;
    const { pieces, program } = templateOf(text);
    const [only] = pieces;
    if (only?.kind === 'print' && pieces.length === 1) return this.value(only.expression);
    const made =
      program === undefined
        ? pieces.map((piece) => this.#piece(piece)).join('')
        : this.#withEngine(program, (made, around) => this.#engine.render(made.source, around));
    return withNewlinesOf(text, made);
  }

  #piece(piece: Piece): string {
    if (piece.kind === 'tag') throw new Error('statements are the engine’s');
    if (piece.kind === 'text') return piece.text;
    return printed(this.value(piece.expression), isFloating(piece.expression));
  }

  /** Every template in a value; what came to be omitted is left out. */
  renderAll(value: Value): Value {
    if (typeof value === 'string') return this.render(value);
    if (isList(value)) return value.map((item) => this.renderAll(item)).filter((item) => item !== OMIT);
    if (!isMap(value)) return value;
    const entries = Object.entries(value).map(([key, item]): [string, Value] => [
      asPythonText(this.render(key)),
      this.renderAll(item),
    ]);
    return mapOf(entries.filter(([, item]) => item !== OMIT));
  }

  #withEngine<T>(program: Program, work: (program: Program, around: Surroundings) => T): T {
    const [flaw] = program.flaws;
    if (flaw !== undefined) throw new Failure('error', flaw.message);
    const missing: Failure[] = [];
    const context = this.#bindings(program, missing);
    const reach = (root: number, keys: readonly Value[]) => {
      const found = this.#follow(program.roots[root], keys);
      if (found instanceof Missing) missing.push(new Failure('undefined', found.reason));
      return found;
    };
    try {
      const made = work(program, { context, reach });
      if (made instanceof Missing && missing[0] !== undefined) throw missing[0];
      return made;
    } catch (error) {
      if (error instanceof Failure && error.kind === 'undefined') throw missing[0] ?? error;
      throw error;
    }
  }

  /** What cannot be computed is left unbound, since the expression may never come to it; if it does, we know why. */
  #bindings(program: Program, missing: Failure[]): Readonly<Record<string, Value>> {
    const context: Record<string, Value> = {};
    for (const [index, expression] of program.bound.entries()) {
      const found = attempt(() => present(this.#direct(expression)));
      if (found instanceof Failure) missing.push(found);
      else context[`rg_${index}`] = found;
    }
    for (const name of program.locals) {
      const found = this.#variable(name);
      const value = found instanceof Missing ? found : this.#settled(found);
      if (!(value instanceof Missing)) context[name] = value;
    }
    return context;
  }

  #follow(root: Expression | undefined, keys: readonly Value[]): Value | Missing {
    if (root === undefined) throw new Error('a path without a root');
    let at = this.#reach(root);
    for (const key of keys) if (!(at instanceof Missing)) at = this.#step(at, key);
    return at instanceof Missing ? at : this.#settled(at);
  }

  #direct(expression: Expression): Value | Missing {
    switch (expression.kind) {
      case 'constant':
        return expression.value;
      case 'name':
      case 'item': {
        const found = this.#reach(expression);
        return found instanceof Missing ? found : this.#settled(found);
      }
      case 'list':
        return expression.items.map((item) => this.#need(item));
      case 'map':
        return mapOf(expression.entries.map(([key, item]) => [asPythonText(this.#need(key)), this.#need(item)]));
      case 'unary':
        return !truthy(this.#need(expression.of));
      case 'binary':
        return this.#binary(expression.operator, expression.left, expression.right);
      case 'choice':
        return this.#choice(expression);
      case 'filter':
        return this.#filter(expression);
      case 'test':
        return this.#test(expression);
      case 'call':
        return this.#method(expression);
      case 'slice':
        throw new Error('slices are the engine’s');
    }
  }

  #need(expression: Expression): Value {
    return present(this.#direct(expression));
  }

  #binary(operator: string, left: Expression, right: Expression): Value | Missing {
    const first = this.#need(left);
    if (operator === 'and') return truthy(first) ? this.#direct(right) : first;
    if (operator === 'or') return truthy(first) ? first : this.#direct(right);
    return compared(first, operator, this.#need(right));
  }

  #choice(choice: Expression & { readonly kind: 'choice' }): Value | Missing {
    if (truthy(this.#need(choice.test))) return this.#direct(choice.then);
    if (choice.otherwise !== undefined) return this.#direct(choice.otherwise);
    return new Missing('the condition does not hold and there is no "else"');
  }

  #filter(filter: Expression & { readonly kind: 'filter' }): Value | Missing {
    const { name, given } = filter;
    if (SEQUENCES.has(name)) return settledItems(this.#sequence(filter));
    const value = this.#direct(filter.of);
    if (isDefault(name)) return this.#default(value, given);
    const builtin = FILTERS.get(name);
    if (builtin === undefined) throw new Error(`${name} is not a filter of ours`);
    const [positional, named] = this.#arguments(given);
    if (value instanceof Missing && name === 'mandatory') {
      const message = named.get('msg') ?? positional[0];
      throw new Failure('undefined', message === undefined ? value.reason : asPythonText(message));
    }
    return applyBuiltin(name, builtin, present(value), positional, named);
  }

  /** One filter over a list after the other, with what is undefined in it left so until it is used. */
  #sequence(filter: Expression & { readonly kind: 'filter' }): Item | Items {
    const inner = filter.of.kind === 'filter' && SEQUENCES.has(filter.of.name) ? this.#sequence(filter.of) : undefined;
    const value = inner ?? this.#direct(filter.of);
    const [positional, named] = this.#arguments(filter.given);
    return sequenceOf(filter.name, value, positional, named);
  }

  #default(value: Value | Missing, given: Given): Value | Missing {
    const boolean = given.positional[1] ?? given.named.get('boolean');
    const falseToo = boolean !== undefined && truthy(this.#need(boolean));
    if (!(value instanceof Missing) && (!falseToo || truthy(value))) return value;
    const otherwise = given.positional[0] ?? given.named.get('default_value');
    return otherwise === undefined ? '' : this.#direct(otherwise);
  }

  #arguments(given: Given): readonly [readonly Value[], ReadonlyMap<string, Value>] {
    const named = [...given.named].map(([key, value]): [string, Value] => [key, this.#need(value)]);
    return [given.positional.map((value) => this.#need(value)), new Map(named)];
  }

  #test(test: Expression & { readonly kind: 'test' }): Value {
    const value = this.#direct(test.of);
    return tested(test.name, value, ...this.#arguments(test.given));
  }

  #method(call: Expression & { readonly kind: 'call' }): Value {
    const method = methodOf(call);
    if (call.of.kind !== 'item' || method === undefined) throw new Error('not a method of ours');
    const map = this.#need(call.of.of);
    if (!isMap(map)) throw new Failure('error', `${pathOf(call.of.of)} is ${kindOf(map)}, which has no ${method}()`);
    if (method === 'items') return Object.entries(map);
    if (method === 'keys') return Object.keys(map);
    if (method === 'values') return Object.values(map);
    return entryOr(map, this.#arguments(call.given)[0]);
  }

  /** As far as a path leads, without rendering more of a variable than the path goes through. */
  #reach(expression: Expression): Reached | Missing {
    if (expression.kind === 'name') return this.#variable(expression.name);
    if (expression.kind !== 'item') {
      const value = this.#direct(expression);
      return value instanceof Missing ? value : this.#final(pathOf(expression), value);
    }
    const of = this.#reach(expression.of);
    return of instanceof Missing ? of : this.#step(of, this.#need(expression.key));
  }

  #final(path: string, value: Value): Reached {
    return { path, variable: { kind: 'final', value }, home: this };
  }

  #variable(name: string): Reached | Missing {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const variable = this.#scope(name);
    const found = variable === undefined ? this.#unknown(name) : { path: name, variable, home: this };
    this.#known.set(name, found);
    return found;
  }

  #unknown(name: string): Reached | Missing {
    if (name === 'omit') return this.#final(name, OMIT);
    return new Missing(`"${name}" is not defined${didYouMean(name, this.#scope.names?.() ?? [])}`);
  }

  #step(from: Reached, key: Value): Reached | Missing {
    const { variable, home } = from;
    const path = `${from.path}.${asPythonText(key)}`;
    if (variable.kind === 'lazy-map') return this.#entry(from.path, variable, asPythonText(key));
    if (variable.kind === 'written' && typeof variable.value === 'string') {
      const rendered = this.#settled(from);
      return rendered instanceof Missing ? rendered : this.#step(this.#final(from.path, rendered), key);
    }
    const value = inside(variable.value, key, from.path);
    return value instanceof Missing ? value : { path, variable: { kind: variable.kind, value }, home };
  }

  /** What is written in a lazy map is rendered with its own entries: another host's variables are that host's. */
  #entry(path: string, map: LazyMap, key: string): Reached | Missing {
    const variable = map.get(key);
    if (variable === undefined) return missingKey(path, key, map.keys);
    const home = new Evaluation((name) => map.get(name), this.#engine, this.#rendering, `${path}.`);
    return { path: key, variable, home };
  }

  /** The whole of what was reached, rendered. What is undefined deep within makes all of it undefined, as in Ansible. */
  #settled({ path, variable, home }: Reached): Value | Missing {
    if (variable.kind === 'final') return variable.value;
    const name = `${home.#label}${path}`;
    if (this.#rendering.includes(name)) {
      const circle = [...this.#rendering.slice(this.#rendering.indexOf(name)), name].join(' → ');
      throw new Failure('error', `these variables refer to each other in a circle: ${circle}`);
    }
    this.#rendering.push(name);
    try {
      return variable.kind === 'lazy-map' ? home.#all(path, variable) : home.#rendered(path, variable.value);
    } finally {
      this.#rendering.pop();
    }
  }

  #rendered(path: string, written: Value): Value | Missing {
    const known = this.#made.get(path);
    if (known !== undefined) return known;
    const made = attempt(() => this.renderAll(written));
    if (made instanceof Failure && made.kind === 'error') throw made;
    const value = made instanceof Failure ? new Missing(made.message) : made;
    this.#made.set(path, value);
    return value;
  }

  /** Entries that cannot be told are left out: what one host lacks must not spoil what is asked of another. */
  #all(path: string, map: LazyMap): Value {
    const entries: [string, Value][] = [];
    for (const key of map.keys) {
      const entry = this.#entry(path, map, key);
      if (entry instanceof Missing) continue;
      const value = attempt(() => present(this.#settled(entry)));
      if (!(value instanceof Failure)) entries.push([key, value]);
    }
    return mapOf(entries);
  }
}

/** A variable, or a part of one, that has not been rendered yet; and where it is at home. */
interface Reached {
  readonly path: string;
  readonly variable: Variable;
  readonly home: Evaluation;
}

function tested(name: string, item: Item, positional: readonly Value[], named: ReadonlyMap<string, Value>): Value {
  if (name === 'defined') return !(item instanceof Missing);
  if (name === 'undefined') return item instanceof Missing;
  if (name === 'none') return present(item) === null;
  const builtin = TESTS.get(name);
  if (builtin === undefined) throw new Error(`${name} is not a test of ours`);
  return applyBuiltin(name, builtin, present(item), positional, named);
}

function sequenceOf(
  name: string,
  value: Item | Items,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Item | Items {
  const sequence = SEQUENCES.get(name);
  if (sequence === undefined) throw new Error(`${name} is not a filter over lists`);
  const from = Array.isArray(value) ? (value as Items) : present(value as Item);
  const items: Items = Array.isArray(from) ? (from as Items) : itemsOf(from as Value);
  const call: Call = {
    positional,
    named,
    filter: filtered,
    test: (test, item, given) => truthy(tested(test, item, given, NONE)),
  };
  return applySequence(name, sequence, items, from, call);
}

const NONE: ReadonlyMap<string, Value> = new Map();

/** A filter as `map` applies it to one item. */
function filtered(name: string, item: Item, positional: readonly Value[], named: ReadonlyMap<string, Value>): Item {
  if (isDefault(name)) {
    const falseToo = truthy(positional[1] ?? named.get('boolean') ?? false);
    const stays = !(item instanceof Missing) && (!falseToo || truthy(item));
    return stays ? item : (positional[0] ?? named.get('default_value') ?? '');
  }
  if (SEQUENCES.has(name)) return settledItems(sequenceOf(name, present(item), positional, named));
  const builtin = FILTERS.get(name);
  if (builtin === undefined) throw new Error(`${name} is not a filter of ours`);
  return applyBuiltin(name, builtin, present(item), positional, named);
}

/** A list that is used as such must have no gaps. */
function settledItems(made: Item | Items): Item {
  return Array.isArray(made) ? (made as Items).map(present) : (made as Item);
}

/** Ansible gives a text back the newlines at its end that a block there has trimmed. */
function withNewlinesOf(template: string, made: string): string {
  const wanted = template.length - template.replace(/\n+$/, '').length;
  const there = made.length - made.replace(/\n+$/, '').length;
  return made + '\n'.repeat(Math.max(0, wanted - there));
}

function attempt<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** An expression's path as people write it. */
function pathOf(expression: Expression): string {
  if (expression.kind === 'name') return expression.name;
  if (expression.kind === 'item' && expression.key.kind === 'constant')
    return `${pathOf(expression.of)}.${asPythonText(expression.key.value)}`;
  return expression.kind === 'item' ? `${pathOf(expression.of)}[…]` : 'this';
}
