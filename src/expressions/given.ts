import type { Value } from '../source/value.ts';
import { Failure } from './failure.ts';

/** What a filter or a test was given, by its parameters' names; what goes beyond them is in `rest`. */
export interface Arguments {
  readonly rest: readonly Value[];
  get(name: string): Value | undefined;
}

/** A filter or a test: its parameters in order, and what it makes of a value. `takesRest`: any number more. */
export interface Builtin {
  readonly params: readonly string[];
  readonly takesRest?: true;
  apply(value: Value, given: Arguments): Value;
}

export function applyBuiltin(
  name: string,
  builtin: Builtin,
  value: Value,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Value {
  const { params } = builtin;
  if (builtin.takesRest === undefined && positional.length > params.length)
    throw new Failure('error', `${name} takes at most ${params.length} arguments, but was given ${positional.length}`);
  for (const key of named.keys())
    if (!params.includes(key))
      throw new Failure('error', `${name} has no option ${key}; it takes ${params.join(', ') || 'none'}`);
  const fixed = builtin.takesRest === undefined ? positional : [];
  const get = (key: string) => named.get(key) ?? fixed[params.indexOf(key)];
  return builtin.apply(value, { rest: builtin.takesRest === undefined ? [] : positional, get });
}
