import { createRequire } from 'node:module';
import type { Environment } from 'minijinja-js';
import { isList, isMap, type Value } from '../source/value.ts';
import { UNDEFINED_NAME } from './compile.ts';
import { Failure, Missing } from './failure.ts';
import { FILTERS } from './filters.ts';
import { applyBuiltin, type Builtin } from './given.ts';
import { TESTS } from './tests.ts';
import { asPythonText, exact, holdsItem, kindOf, mapOf, ordered, printed, same, times } from './values.ts';

/** Steps of the engine for one template: a second of work or so, so that `range` in `range` comes to an end. */
const FUEL = 1_000_000;
const UNDEFINED = '\u0000undefined\u0000';

/** What a program is run with: its bindings, and how to follow a path from one of its roots. */
export interface Surroundings {
  readonly context: { readonly [name: string]: Value };
  reach(root: number, keys: readonly Value[]): Value | Missing;
}

/** An environment of the engine, and what happened in the functions of ours that it called. */
interface Machine {
  readonly environment: Environment;
  /** Held back: an exception would bring the WebAssembly down. */
  thrown: unknown;
  surroundings: Surroundings | undefined;
}

/** The template engine, loaded when it is first needed. */
export class Engine {
  readonly #idle: Machine[] = [];
  #make: (() => Environment) | undefined;

  /** The expression's value. Throws a `Failure`. */
  evaluate(source: string, surroundings: Surroundings): Value | Missing {
    const found = this.#run(surroundings, (environment, context) => environment.evalExpr(source, context));
    return found === UNDEFINED ? new Missing('the expression has no value') : fromEngine(found);
  }

  render(source: string, surroundings: Surroundings): string {
    return String(this.#run(surroundings, (environment, context) => environment.renderStr(source, context)));
  }

  /** A machine may be busy: what it calls may need the engine again. One in which something failed may be
   * broken, and is not used again. */
  #run(surroundings: Surroundings, work: (environment: Environment, context: object) => unknown): unknown {
    const machine = this.#idle.pop() ?? this.#build();
    machine.surroundings = surroundings;
    machine.thrown = undefined;
    const context = Object.assign(Object.create(null), surroundings.context, { [UNDEFINED_NAME]: UNDEFINED });
    const found = attempted(machine, () => work(machine.environment, context));
    this.#idle.push(machine);
    return found;
  }

  #build(): Machine {
    this.#make ??= loadEngine();
    const environment = this.#make();
    environment.undefinedBehavior = 'strict';
    environment.keepTrailingNewline = true;
    environment.fuel = FUEL;
    environment.enablePyCompat();
    const machine: Machine = { environment, thrown: undefined, surroundings: undefined };
    for (const [name, builtin] of FILTERS) addFilter(machine, name, builtin);
    for (const [name, builtin] of TESTS) addTest(machine, name, builtin);
    addOperators(machine);
    return machine;
  }
}

function attempted(machine: Machine, work: () => unknown): unknown {
  try {
    const found = work();
    if (machine.thrown === undefined) return found;
  } catch (error) {
    if (machine.thrown === undefined) throw asFailure(error);
  }
  throw machine.thrown;
}

function loadEngine(): () => Environment {
  const engine = createRequire(import.meta.url)('minijinja-js') as typeof import('minijinja-js');
  return () => new engine.Environment();
}

/** Under its own name for `map('basename')`; under ours for calls whose arguments are known to be in order. */
function addFilter(machine: Machine, name: string, builtin: Builtin): void {
  const { environment } = machine;
  environment.addFilter(
    `rgf_${name}`,
    guarded(machine, (given) => ordinary(name, builtin, given)),
  );
  environment.addFilter(
    name,
    guarded(machine, (given) => loose(name, builtin, given)),
  );
}

function addTest(machine: Machine, name: string, builtin: Builtin): void {
  const { environment } = machine;
  environment.addTest(
    `rgt_${name}`,
    guarded(machine, (given) => ordinary(name, builtin, given)),
  );
  environment.addTest(
    name,
    guarded(machine, (given) => loose(name, builtin, given)),
  );
}

function addOperators(machine: Machine): void {
  const { environment } = machine;
  environment.addFilter(
    'rg_print',
    guarded(machine, ([value = null]) => printed(value)),
  );
  environment.addFilter(
    'rg_used',
    guarded(machine, ([value = null]) => value),
  );
  environment.addFilter(
    'rg_times',
    guarded(machine, ([left = null, right = null]) => times(left, right)),
  );
  environment.addFilter(
    'rg_compare',
    guarded(machine, ([left = null, by = null, right = null]) => compared(left, String(by), right)),
  );
  environment.addFilter(
    'rg_get',
    guarded(machine, ([map = null, given = null]) => entryOr(map, isList(given) ? given : [])),
  );
  environment.addFilter(
    'rg_reach',
    guarded(machine, ([root = null, keys = null]) => {
      const found = machine.surroundings?.reach(Number(root), isList(keys) ? keys : []);
      return found === undefined || found instanceof Missing ? [] : [found];
    }),
  );
}

/** A function of ours as the engine may call it: it never throws, and nothing undefined passes unseen. */
function guarded(machine: Machine, work: (given: readonly Value[]) => Value): (...given: unknown[]) => unknown {
  return (...given) => {
    if (machine.thrown !== undefined) return null;
    try {
      const values = given.map(fromEngine);
      if (values.some(holdsUndefined)) throw new Failure('undefined', 'something here is not defined');
      return work(values);
    } catch (error) {
      machine.thrown = error ?? new Error('nothing was thrown');
      return null;
    }
  };
}

function holdsUndefined(value: Value): boolean {
  return value === UNDEFINED || (isList(value) && value.includes(UNDEFINED));
}

function ordinary(
  name: string,
  builtin: Builtin,
  [value = null, positional = null, named = null]: readonly Value[],
): Value {
  const options = isMap(named) ? new Map(Object.entries(named)) : new Map<string, Value>();
  return applyBuiltin(name, builtin, value, isList(positional) ? positional : [], options);
}

/** Named arguments come as a last dictionary, which looks like any other. */
function loose(name: string, builtin: Builtin, [value = null, ...given]: readonly Value[]): Value {
  const last = given.at(-1);
  const named =
    isMap(last) && Object.keys(last).length > 0 && Object.keys(last).every((key) => builtin.params.includes(key));
  const options = named ? new Map(Object.entries(last)) : new Map<string, Value>();
  return applyBuiltin(name, builtin, value, named ? given.slice(0, -1) : given, options);
}

/** A comparison as Python makes it. */
export function compared(left: Value, operator: string, right: Value): boolean {
  switch (operator) {
    case '==':
      return same(left, right);
    case '!=':
      return !same(left, right);
    case 'in':
      return holdsItem(right, left);
    case 'not in':
      return !holdsItem(right, left);
    case '<':
      return ordered(left, right) < 0;
    case '<=':
      return ordered(left, right) <= 0;
    case '>':
      return ordered(left, right) > 0;
    default:
      return ordered(left, right) >= 0;
  }
}

/** `map.get(key, otherwise)`. */
export function entryOr(map: Value, [key = null, otherwise = null]: readonly Value[]): Value {
  if (!isMap(map)) throw new Failure('error', `${kindOf(map)} has no get(); only a dictionary has`);
  const name = asPythonText(key);
  return Object.hasOwn(map, name) ? (map[name] ?? null) : otherwise;
}

function fromEngine(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return exact(Number(value));
  if (typeof value === 'number') return finite(value);
  if (Array.isArray(value)) return value.map(fromEngine);
  if (value instanceof Map)
    return mapOf([...value].map(([key, item]) => [asPythonText(fromEngine(key)), fromEngine(item)]));
  return String(value);
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new Failure('error', 'this does not come to a number; is something divided by zero?');
}

/** What the engine says, without its drawing of the source, which is not what the author wrote. */
function asFailure(error: unknown): Failure {
  const first = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  const reason = first
    .replace(/^(?:Error: )+/, '')
    .replace(/ \(in <(?:expression|string)>:\d+\)$/, '')
    .replace(/^invalid operation: /, '');
  if (error instanceof Error && error.name === 'RuntimeError')
    return new Failure('error', 'the template engine gave up on this; write it more simply');
  if (reason === 'engine ran out of fuel')
    return new Failure('error', 'this goes on for too long; does it loop over far too much?');
  if (/\bundefined\b/.test(reason)) return new Failure('undefined', 'something here is not defined');
  return new Failure(
    'error',
    reason.replace(/can't be represented as a JavaScript number/, 'is too large a number to compute with exactly'),
  );
}
