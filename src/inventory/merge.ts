import type { Value, ValueMap } from '../source/value.ts';

/** Later maps win, key by key; a value is replaced whole, as by Ansible's default. */
export function mergeVars(maps: readonly ValueMap[]): ValueMap {
  const merged = new Map<string, Value>();
  for (const map of maps) for (const [name, value] of Object.entries(map)) merged.set(name, value);
  return Object.fromEntries(merged);
}
