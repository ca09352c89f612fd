import { isList, isMap, type Value } from '../source/value.ts';
import { Failure } from './failure.ts';
import type { Arguments, Builtin } from './given.ts';
import { matchesOf, regexOf } from './regex.ts';
import { asPythonText, holdsItem, kindOf, same, truthy } from './values.ts';
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

/** Ansible's tests. */
export const TESTS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
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
