import type { Action, Judged, SteeringAction } from '../actions/action.ts';
import { type Expressions, isTemplate } from '../expressions/expressions.ts';
import type { Scope } from '../expressions/scope.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';

export type Complete = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/** Of tasks without templates and expressions: theirs are the same on every host. By what was written. */
const settled = new WeakMap<ValueMap, Complete>();

/** A task's parameters, rendered, its expressions evaluated, and held against what the action takes. */
export function paramsOf(
  action: Action | SteeringAction,
  written: ValueMap,
  scope: Scope,
  expressions: Expressions,
): Complete {
  const known = settled.get(written);
  if (known !== undefined) return known;
  const complete = completed(action, written, scope, expressions);
  if (action.kind === 'steering' || action.expressions === undefined)
    if (!isTemplated(written)) settled.set(written, complete);
  return complete;
}

function isTemplated(value: Value): boolean {
  if (typeof value === 'string') return isTemplate(value);
  if (isList(value)) return value.some(isTemplated);
  return isMap(value) && Object.entries(value).some(([key, member]) => isTemplate(key) || isTemplated(member));
}

function completed(
  action: Action | SteeringAction,
  written: ValueMap,
  scope: Scope,
  expressions: Expressions,
): Complete {
  const bare = action.kind === 'host' ? (action.expressions ?? []) : [];
  const rendered: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(written)) {
    const complete = bare.includes(key)
      ? judged(key, value, scope, expressions, action)
      : expressions.template({ [key]: value }, scope);
    if (!complete.ok) return { ok: false, reason: `${action.name}: ${key}: ${complete.reason}` };
    Object.assign(rendered, complete.value);
  }
  const parsed = action.params.safeParse(rendered);
  if (parsed.success) return { ok: true, value: parsed.data };
  const reasons = parsed.error.issues.map((issue) =>
    [issue.path.join('.'), issue.message].filter((part) => part !== '').join(': '),
  );
  return { ok: false, reason: `${action.name}: ${reasons.join('; ')}` };
}

function judged(
  key: string,
  value: Value,
  scope: Scope,
  expressions: Expressions,
  action: Action | SteeringAction,
): { readonly ok: true; readonly value: object } | { readonly ok: false; readonly reason: string } {
  if (!isList(value)) {
    const one = judgedOne(value, scope, expressions, action);
    return one.ok ? { ok: true, value: { [key]: one.value } } : one;
  }
  const all: Judged[] = [];
  for (const each of value) {
    const one = judgedOne(each, scope, expressions, action);
    if (!one.ok) return one;
    all.push(one.value);
  }
  return { ok: true, value: { [key]: all } };
}

function judgedOne(
  value: Value,
  scope: Scope,
  expressions: Expressions,
  action: Action | SteeringAction,
): { readonly ok: true; readonly value: Judged } | { readonly ok: false; readonly reason: string } {
  const expression = typeof value === 'string' ? value : JSON.stringify(value);
  const result = expressions.evaluate(expression, scope);
  if (result.ok) return { ok: true, value: { expression, value: result.value } };
  const instead = action.kind === 'host' && result.kind === 'undefined' ? action.whenUndefined : undefined;
  return instead === undefined ? result : { ok: true, value: { expression, value: instead } };
}
