import type { Evaluated, LazyMap, Scope, Variable } from '../../src/expressions/scope.ts';
import type { Value, ValueMap } from '../../src/source/value.ts';

/** A scope of written variables; those in `final` came from hosts. */
export function scopeOf(written: ValueMap, final: ValueMap = {}): Scope {
  const look = (name: string): Variable | undefined => {
    if (Object.hasOwn(final, name)) return { kind: 'final', value: final[name] ?? null };
    return Object.hasOwn(written, name) ? { kind: 'written', value: written[name] ?? null } : undefined;
  };
  return Object.assign(look, { names: () => [...Object.keys(written), ...Object.keys(final)] });
}

export function lazy(entries: Readonly<Record<string, Variable>>, asked: string[] = []): LazyMap {
  const get = (key: string) => {
    asked.push(key);
    return Object.hasOwn(entries, key) ? entries[key] : undefined;
  };
  return { kind: 'lazy-map', keys: Object.keys(entries), get };
}

export function cameTo(evaluated: Evaluated): Value {
  if (!evaluated.ok) throw new Error(evaluated.reason);
  return evaluated.value;
}

export function reasonOf(evaluated: Evaluated<unknown>): string {
  if (evaluated.ok) throw new Error(`came to ${JSON.stringify(evaluated.value)}`);
  return evaluated.reason;
}
