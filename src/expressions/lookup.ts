import { didYouMean } from '../source/nearest.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import { Missing } from './failure.ts';
import { asPythonText, kindOf } from './values.ts';

/** What lies under a key, as Jinja looks: entries of dictionaries, items of lists and characters by number. */
export function inside(value: Value, key: Value, path: string): Value | Missing {
  if (isMap(value)) {
    const name = asPythonText(key);
    return Object.hasOwn(value, name) ? (value[name] ?? null) : missingAttribute(value, name, path);
  }
  if ((isList(value) || typeof value === 'string') && typeof key === 'number') {
    const items = typeof value === 'string' ? Array.from(value) : value;
    return items.at(key) ?? new Missing(`${path} has no item ${key}; it has ${items.length}`);
  }
  return new Missing(`${path} is ${kindOf(value)}, which has no "${asPythonText(key)}"`);
}

function missingAttribute(map: ValueMap, key: string, path: string): Missing {
  if (map.skipped === true)
    return new Missing(`${path} has no "${key}", because that step was skipped; ask "${path} is skipped" first`);
  return missingKey(path, key, Object.keys(map));
}

export function missingKey(path: string, key: string, keys: readonly string[]): Missing {
  const suggestion = didYouMean(key, keys);
  const few = keys.slice(0, 12).join(', ') + (keys.length > 12 ? ', …' : '');
  const has = keys.length === 0 ? 'it is empty' : `it has ${few}`;
  return new Missing(`${path} has no "${key}"${suggestion === '' ? `; ${has}` : suggestion}`);
}
