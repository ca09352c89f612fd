import type { Evaluated, Scope } from '../expressions/scope.ts';
import { isList, isMap, type Value } from '../source/value.ts';
import { Misjudged } from './misjudged.ts';
import { asFlag } from './target.ts';
import type { Standpoint, Variables } from './variables.ts';
import type { World } from './world.ts';

/** By what, and from where, a task's keywords are evaluated. */
export interface Evaluating {
  readonly world: Pick<World, 'expressions'>;
  readonly variables: Variables;
  readonly at: Standpoint;
}

/** A keyword that is true or false, or a template that comes to it. */
export function flag(by: Evaluating, written: boolean | string, keyword: string): boolean {
  if (typeof written === 'boolean') return written;
  const value = evaluated(by.world.expressions.template(written, by.variables.scope(by.at)), keyword);
  const truth = asFlag(value);
  if (truth === undefined)
    throw new Misjudged(`${keyword} must come to true or false, but came to ${JSON.stringify(value)}`);
  return truth;
}

export function number(by: Evaluating, written: number | string, keyword: string): number {
  if (typeof written === 'number') return written;
  const value = Number(evaluated(by.world.expressions.text(written, by.variables.scope(by.at)), keyword));
  if (!Number.isFinite(value)) throw new Misjudged(`${keyword} must come to a number, but "${written}" did not`);
  return value;
}

export function text(by: Evaluating, written: string, keyword: string): string {
  return evaluated(by.world.expressions.text(written, by.variables.scope(by.at)), keyword);
}

/** A keyword that cannot be evaluated is answered on the safe side; the step itself will say what is wrong. */
export function safely<T>(evaluate: () => T, otherwise: T): T {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof Misjudged) return otherwise;
    throw error;
  }
}

export function evaluated<T>(result: Evaluated<T>, keyword: string): T {
  if (result.ok) return result.value;
  throw new Misjudged(`${keyword}: ${result.reason}`);
}

/** Whether all conditions hold. */
export function holds(
  by: Evaluating,
  conditions: readonly (string | boolean)[],
  scope: Scope,
  keyword: string,
): boolean {
  return evaluated(by.world.expressions.holds(conditions, scope), keyword);
}

/** What a value is, for people. */
export function kindOf(value: Value): string {
  return value === null
    ? 'nothing'
    : isList(value)
      ? 'a list'
      : isMap(value)
        ? 'a mapping'
        : `${typeof value} ${JSON.stringify(value)}`;
}
