import { isList, type Value } from '../source/value.ts';
import { Failure, Missing, present } from './failure.ts';
import { inside } from './lookup.ts';
import { asPythonText, kindOf, ordered, same, truthy } from './values.ts';

/** An item may be undefined: `select('defined')`, `map('default', …)` and `first` may yet make it harmless. */
export type Item = Value | Missing;
export type Items = readonly Item[];

/** What a filter is given, and how it calls another filter or test by its name. */
export interface Call {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
  filter(name: string, item: Item, positional: readonly Value[], named: ReadonlyMap<string, Value>): Item;
  test(name: string, item: Item, positional: readonly Value[]): boolean;
}

export interface SequenceFilter {
  /** Names that it may be given, in their order; absent: any. */
  readonly options?: readonly string[];
  apply(items: Items, call: Call, value: Value | Items): Item | Items;
}

function option(call: Call, options: readonly string[], name: string): Value | undefined {
  return call.named.get(name) ?? call.positional[options.indexOf(name)];
}

/** What lies at a path such as `stat.size` or `tags.0`. */
function attributeOf(item: Item, path: Value): Item {
  const keys = typeof path === 'number' ? [path] : asPythonText(path).split('.');
  return keys.reduce<Item>((at, key) => {
    if (at instanceof Missing) return at;
    return inside(at, typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : key, 'an item');
  }, item);
}

function map(items: Items, call: Call): Items {
  const attribute = call.named.get('attribute');
  if (attribute === undefined) {
    const [name, ...positional] = call.positional;
    if (typeof name !== 'string') throw new Failure('error', 'map wants the name of a filter, or attribute=');
    return items.map((item) => call.filter(name, item, positional, call.named));
  }
  const otherwise = call.named.get('default');
  return items.map((item) => {
    const found = attributeOf(item, attribute);
    return found instanceof Missing && otherwise !== undefined ? otherwise : found;
  });
}

function selecting(keeps: boolean): SequenceFilter {
  return {
    apply: (items, call) => {
      const [name, ...given] = call.positional;
      return items.filter((item) => holds(call, name, item, given) === keeps);
    },
  };
}

function selectingBy(keeps: boolean): SequenceFilter {
  return {
    apply: (items, call) => {
      const [attribute, name, ...given] = call.positional;
      if (attribute === undefined)
        throw new Failure('error', 'selectattr and rejectattr want the name of an attribute');
      return items.filter((item) => holds(call, name, attributeOf(item, attribute), given) === keeps);
    },
  };
}

function holds(call: Call, name: Value | undefined, item: Item, given: readonly Value[]): boolean {
  return name === undefined ? truthy(present(item)) : call.test(asPythonText(name), item, given);
}

/** What an item counts for: an attribute of it, or itself. */
function chosen(item: Item, attribute: Value | undefined): Value {
  return present(attribute === undefined || attribute === null ? item : attributeOf(item, attribute));
}

/** What to order by: texts without regard to case, unless it is asked for. */
function keyOf(item: Item, attribute: Value | undefined, exact: boolean): Value {
  const at = chosen(item, attribute);
  return typeof at === 'string' && !exact ? at.toLowerCase() : at;
}

const SORT = ['reverse', 'case_sensitive', 'attribute'];

function sort(items: Items, call: Call): Items {
  const attribute = option(call, SORT, 'attribute');
  const attributes = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const exact = truthy(option(call, SORT, 'case_sensitive') ?? false);
  const sign = truthy(option(call, SORT, 'reverse') ?? false) ? -1 : 1;
  const keyed = items.map((item) => ({ item, keys: attributes.map((each) => keyOf(item, each, exact)) }));
  return keyed.sort((a, b) => sign * ordered(a.keys, b.keys)).map(({ item }) => item);
}

const GROUP = ['attribute', 'default', 'case_sensitive'];

/** Groups as lists of the key, as the first of them has it, and the items; in the order of the keys. */
function groupby(items: Items, call: Call): Items {
  const attribute = option(call, GROUP, 'attribute');
  if (attribute === undefined) throw new Failure('error', 'groupby wants the name of an attribute');
  const exact = truthy(option(call, GROUP, 'case_sensitive') ?? false);
  const otherwise = option(call, GROUP, 'default');
  const groups: { readonly by: Value; readonly key: Value; readonly items: Value[] }[] = [];
  for (const item of items) {
    const found = attributeOf(item, attribute);
    const key = found instanceof Missing && otherwise !== undefined ? otherwise : present(found);
    const by = keyOf(key, undefined, exact);
    const group = groups.find((each) => same(each.by, by));
    if (group === undefined) groups.push({ by, key, items: [present(item)] });
    else group.items.push(present(item));
  }
  return groups.sort((a, b) => ordered(a.by, b.by)).map((group) => [group.key, group.items]);
}

const EXTREME = ['case_sensitive', 'attribute'];

function extreme(name: string, sign: 1 | -1): SequenceFilter {
  return {
    options: EXTREME,
    apply: (items, call) => {
      const attribute = option(call, EXTREME, 'attribute');
      const exact = truthy(option(call, EXTREME, 'case_sensitive') ?? false);
      const keyed = items.map((item) => ({ item, key: keyOf(item, attribute, exact) }));
      const [head, ...rest] = keyed;
      if (head === undefined) return new Missing(`the ${name} of an empty list has no value`);
      return rest.reduce((best, each) => (sign * ordered(each.key, best.key) > 0 ? each : best), head).item;
    },
  };
}

const SUM = ['attribute', 'start'];

function sum(items: Items, call: Call): Value {
  const attribute = option(call, SUM, 'attribute');
  const added = items.map((item) => chosen(item, attribute));
  return added.reduce<Value>(plus, option(call, SUM, 'start') ?? 0);
}

function plus(left: Value, right: Value): Value {
  if (isList(left) && isList(right)) return [...left, ...right];
  const [a, b] = [left, right].map((each) => (typeof each === 'boolean' ? Number(each) : each));
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  throw new Failure('error', `sum cannot add ${kindOf(right)} to ${kindOf(left)}; convert with map('int') first`);
}

function lengthOf(items: Items, value: Value | Items): number {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null)
    throw new Failure('error', `length wants a list, a dictionary or a text, but got ${kindOf(value)}`);
  return items.length;
}

function itemAt(items: Items, index: number): Item {
  const found = items.at(index);
  return found === undefined ? new Missing('it is empty, and has no first or last item') : found;
}

/** A text's characters, turned round, are a text again. */
function reverse(items: Items, value: Value | Items): Item | Items {
  const turned = items.toReversed();
  return typeof value === 'string' ? turned.map((each) => asPythonText(present(each))).join('') : turned;
}

/**
 * Jinja's filters over lists, where the template engine sorts the keys of what goes through it, or takes an attribute
 * that is not there for none.
 */
export const SEQUENCES: ReadonlyMap<string, SequenceFilter> = new Map<string, SequenceFilter>([
  ['count', { options: [], apply: (items, _, value) => lengthOf(items, value) }],
  ['first', { options: [], apply: (items) => itemAt(items, 0) }],
  ['groupby', { options: GROUP, apply: groupby }],
  ['last', { options: [], apply: (items) => itemAt(items, -1) }],
  ['length', { options: [], apply: (items, _, value) => lengthOf(items, value) }],
  ['list', { options: [], apply: (items) => items }],
  ['map', { apply: map }],
  ['max', extreme('max', 1)],
  ['min', extreme('min', -1)],
  ['reject', selecting(false)],
  ['rejectattr', selectingBy(false)],
  ['reverse', { options: [], apply: (items, _, value) => reverse(items, value) }],
  ['select', selecting(true)],
  ['selectattr', selectingBy(true)],
  ['sort', { options: SORT, apply: sort }],
  ['sum', { options: SUM, apply: sum }],
]);

/** What a filter over lists comes to. What is left over of options is a mistake. */
export function applySequence(
  name: string,
  filter: SequenceFilter,
  items: Items,
  value: Value | Items,
  call: Call,
): Item | Items {
  const { options } = filter;
  if (options !== undefined) {
    if (call.positional.length > options.length)
      throw new Failure(
        'error',
        `${name} takes at most ${options.length} arguments, but was given ${call.positional.length}`,
      );
    for (const key of call.named.keys())
      if (!options.includes(key))
        throw new Failure('error', `${name} has no option ${key}; it takes ${options.join(', ') || 'none'}`);
  }
  return filter.apply(items, call, value);
}
