import type { Value } from '../source/value.ts';

/**
 * A variable as a scope holds it. `written` values come from files and options: their strings may be templates, which
 * are rendered when the variable is used. `final` values come from hosts and earlier results and are never rendered:
 * what a host printed cannot become a template. A `lazy-map` is a map too large to build for each expression
 * (`hostvars`): only the entries that are asked for are looked up.
 */
export type Variable = { readonly value: Value; readonly kind: 'written' | 'final' } | LazyMap;

export interface LazyMap {
  readonly kind: 'lazy-map';
  readonly keys: readonly string[];
  get(key: string): Variable | undefined;
}

/** Looks a variable up; undefined when there is none. Asked only for names that an expression mentions. */
export interface Scope {
  (name: string): Variable | undefined;
  /** The names there are, for suggestions when one is misspelt. */
  readonly names?: () => Iterable<string>;
}

/** What came of an expression. `undefined` failures are told apart: `when` explains them differently. */
export type Evaluated<T = Value> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly kind: 'undefined' | 'error'; readonly reason: string };

/** A mistake in the text of a template or expression, found without values. `offset` counts UTF-16 units from its start. */
export interface Flaw {
  readonly code: string;
  readonly message: string;
  readonly offset: number;
}
