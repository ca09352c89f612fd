/** What YAML and JSON can say, and what templates compute with. */
export type Value = null | boolean | number | string | readonly Value[] | ValueMap;

export interface ValueMap {
  readonly [key: string]: Value;
}

export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Switches over unions end here, so that a new member is a compile error everywhere it must be thought of. */
export function unreachable(never: never): never {
  throw new Error(`a case nobody thought of: ${JSON.stringify(never)}`);
}
