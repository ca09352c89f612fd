import { isList, isMap, type Value } from '../source/value.ts';
import { Failure } from './failure.ts';
import type { Arguments, Builtin } from './given.ts';
import { matchesOf, regexOf } from './regex.ts';
import { asPythonText, holdsItem, kindOf, ordered, same, truthy } from './values.ts';
import { versionHolds } from './version.ts';

function regexTest(name: string, anchored: boolean): Builtin {
  return {
    params:
      name === 'regex' ? ['pattern', 'ignorecase', 'multiline', 'match_type'] : ['pattern', 'ignorecase', 'multiline'],
    apply: (value, given) => {
      if (isList(value) || isMap(value)) throw new Failure('error', `${name} wants a text, but got ${kindOf(value)}`);
      const type = given.get('match_type');
      const sticky = anchored || type === 'match' || type === 'fullmatch';
      const pattern = asPythonText(given.get('pattern') ?? '');
      const whole = type === 'fullmatch' ? `(?:${pattern})\\Z` : pattern;
      return matchesOf(regexOf(whole, given, sticky ? 'y' : ''), asPythonText(value)).length > 0;
    },
  };
}

/** A question about a registered result. */
function resultTest(name: string, says: (result: { readonly [key: string]: Value }) => boolean): Builtin {
  return {
    params: [],
    apply: (value) => {
      if (isMap(value)) return says(value);
      throw new Failure('error', `"is ${name}" asks about a registered result, but got ${kindOf(value)}`);
    },
  };
}

const flag = (key: string) => (result: { readonly [key: string]: Value }) => truthy(result[key] ?? false);

function changed(result: { readonly [key: string]: Value }): boolean {
  const { results } = result;
  if (result.changed !== undefined || !isList(results)) return truthy(result.changed ?? false);
  return results.some((each) => isMap(each) && truthy(each.changed ?? false));
}

function version(value: Value, given: Arguments): Value {
  const type = given.get('version_type');
  if (type !== undefined && type !== null && type !== 'loose' && type !== 'strict')
    throw new Failure(
      'error',
      `version compares loosely, as Ansible does by itself; version_type ${asPythonText(type)} is not supported`,
    );
  return versionHolds(asPythonText(value), asPythonText(given.get('version') ?? ''), given.get('operator') ?? 'eq');
}

function within(name: string, inner: Value | undefined, outer: Value | undefined): boolean {
  if (!isList(inner) || !isList(outer)) throw new Failure('error', `${name} wants two lists`);
  return inner.every((item) => outer.some((other) => same(item, other)));
}

const failed = resultTest('failed', flag('failed'));
const refused = resultTest('refused', flag('refused'));
const succeeded = resultTest('succeeded', (result) => !flag('failed')(result) && !flag('refused')(result));
const didChange = resultTest('changed', changed);
const skipped = resultTest('skipped', flag('skipped'));
const versionTest: Builtin = { params: ['version', 'operator', 'strict', 'version_type'], apply: version };
const subset: Builtin = { params: ['b'], apply: (value, given) => within('subset', value, given.get('b')) };
const superset: Builtin = { params: ['b'], apply: (value, given) => within('superset', given.get('b'), value) };

type Question = (value: Value, other: Value) => boolean;

/** A question about two values, under each of its names. */
function between(names: readonly string[], says: Question): readonly (readonly [string, Builtin])[] {
  const builtin: Builtin = { params: ['other'], apply: (value, given) => says(value, given.get('other') ?? null) };
  return names.map((name) => [name, builtin]);
}

function about(name: string, says: (value: Value) => boolean): readonly [string, Builtin] {
  return [name, { params: [], apply: says }];
}

/** A text without letters is neither lower nor upper. */
function inCase(value: Value, kept: string): boolean {
  const text = asPythonText(value);
  return text === kept && text.toLowerCase() !== text.toUpperCase();
}

function remainder(value: Value, by: Value): number {
  if (typeof value === 'number' && typeof by === 'number' && by !== 0) return value % by;
  throw new Failure('error', `only numbers are divisible, not ${kindOf(typeof value === 'number' ? by : value)}`);
}

const isNumber = (value: Value) => typeof value === 'number' || typeof value === 'boolean';
const holdsItems = (value: Value) => typeof value === 'string' || isList(value) || isMap(value);

/** Jinja's tests, as far as values of JSON can tell. */
const JINJA: readonly (readonly [string, Builtin])[] = [
  ...between(['eq', 'equalto', '=='], same),
  ...between(['ne', '!='], (value, other) => !same(value, other)),
  ...between(['gt', 'greaterthan', '>'], (value, other) => ordered(value, other) > 0),
  ...between(['ge', '>='], (value, other) => ordered(value, other) >= 0),
  ...between(['lt', 'lessthan', '<'], (value, other) => ordered(value, other) < 0),
  ...between(['le', '<='], (value, other) => ordered(value, other) <= 0),
  ...between(['in'], (value, other) => holdsItem(other, value)),
  ...between(['divisibleby'], (value, other) => remainder(value, other) === 0),
  about('even', (value) => remainder(value, 2) === 0),
  about('odd', (value) => Math.abs(remainder(value, 2)) === 1),
  about('string', (value) => typeof value === 'string'),
  about('boolean', (value) => typeof value === 'boolean'),
  about('true', (value) => value === true),
  about('false', (value) => value === false),
  about('number', isNumber),
  about('mapping', isMap),
  about('sequence', holdsItems),
  about('iterable', holdsItems),
  about('lower', (value) => inCase(value, asPythonText(value).toLowerCase())),
  about('upper', (value) => inCase(value, asPythonText(value).toUpperCase())),
];

/** Ansible's tests, and Jinja's. */
export const TESTS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...JINJA,
  ['changed', didChange],
  ['change', didChange],
  ['contains', { params: ['item'], apply: (value, given) => holdsItem(value, given.get('item') ?? null) }],
  ['failed', failed],
  ['failure', failed],
  ['match', regexTest('match', true)],
  ['refused', refused],
  ['regex', regexTest('regex', false)],
  ['search', regexTest('search', false)],
  ['skipped', skipped],
  ['skip', skipped],
  ['subset', subset],
  ['issubset', subset],
  ['succeeded', succeeded],
  ['success', succeeded],
  ['successful', succeeded],
  ['superset', superset],
  ['issuperset', superset],
  ['unreachable', resultTest('unreachable', flag('unreachable'))],
  ['version', versionTest],
  ['version_compare', versionTest],
]);
