import type { Value } from '../source/value.ts';
import { Engine } from './engine.ts';
import { Evaluation } from './evaluation.ts';
import { Failure, SyntaxMistake } from './failure.ts';

import type { Evaluated, Scope } from './scope.ts';
import { conditionOf } from './texts.ts';
import { printed, truthy } from './values.ts';

export { expressionFlaws, namesIn, templateFlaws } from './flaws.ts';
export { OMIT } from './omit.ts';
export { isTemplate } from './template.ts';

/** Jinja's templates and expressions over the variables of a scope. Using what is undefined is an error with a reason. */
export interface Expressions {
  /** Renders every template in a value; keys too. A string that is exactly one `{{ expression }}` keeps its type. */
  template(value: Value, scope: Scope): Evaluated;
  /** A template that must give text. What is not text is printed as Ansible prints it. */
  text(template: string, scope: Scope): Evaluated<string>;
  /** A bare expression, as in `when:`; one that is wholly in `{{ }}` counts as what is inside. */
  evaluate(expression: string, scope: Scope): Evaluated;
  /** Whether all conditions hold, by Python's truth. Stops at the first that does not. */
  holds(conditions: readonly (string | boolean)[], scope: Scope): Evaluated<boolean>;
}

/** The template engine behind it is loaded when the first expression needs it. */
export function createExpressions(): Expressions {
  const engine = new Engine();
  const evaluate = (text: string, scope: Scope) => answer(() => evaluated(text, new Evaluation(scope, engine)));
  return {
    template: (value, scope) => answer(() => new Evaluation(scope, engine).renderAll(value)),
    text: (template, scope) => answer(() => printed(new Evaluation(scope, engine).render(template))),
    evaluate,
    holds: (conditions, scope) =>
      answer(() => conditions.every((condition) => holds(condition, new Evaluation(scope, engine)))),
  };
}

function evaluated(text: string, evaluation: Evaluation): Value {
  return evaluation.value(conditionOf(text));
}

/** An empty condition holds, as in Ansible. */
function holds(condition: string | boolean, evaluation: Evaluation): boolean {
  if (typeof condition === 'boolean' || condition.trim() === '') return condition !== false;
  return truthy(evaluated(condition, evaluation));
}

function answer<T>(work: () => T): Evaluated<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof Failure) return { ok: false, kind: error.kind, reason: error.message };
    if (error instanceof SyntaxMistake) return { ok: false, kind: 'error', reason: error.message };
    if (error instanceof RangeError)
      return { ok: false, kind: 'error', reason: 'this is nested too deeply, or grows too large' };
    throw error;
  }
}
