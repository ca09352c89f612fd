import type { Value } from '../../source/value.ts';

/** Facts as a task registers them: names in snake_case, and nothing where nothing is known. */
export function registeredForm(fact: unknown): Value {
  if (fact instanceof Map) return registeredForm(Object.fromEntries(fact));
  if (Array.isArray(fact)) return fact.map(registeredForm);
  if (typeof fact !== 'object' || fact === null) return fact as Value;
  const known = Object.entries(fact).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [snakeCase(name), registeredForm(value)]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
