import { FILTERS } from './filters.ts';
import { SEQUENCES } from './sequences.ts';
import { type Expression, partsOf } from './syntax.ts';
import { TESTS } from './tests.ts';

export const METHODS: readonly string[] = ['items', 'keys', 'values', 'get'];
export const DIRECT_TESTS: readonly string[] = ['defined', 'undefined', 'none'];
export const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];
const OPERATORS = ['and', 'or', 'in', 'not in', ...COMPARISONS];

/**
 * Whether an expression is computed here rather than by the template engine. Most conditions are; it is faster, it
 * keeps the order of keys, and an undefined name or attribute can be told exactly.
 */
export function isDirect(expression: Expression, locals: ReadonlySet<string>): boolean {
  return ofDirectKind(expression, locals) && partsOf(expression).every((part) => isDirect(part, locals));
}

function ofDirectKind(expression: Expression, locals: ReadonlySet<string>): boolean {
  switch (expression.kind) {
    case 'constant':
    case 'item':
    case 'choice':
    case 'list':
    case 'map':
      return true;
    case 'name':
      return !locals.has(expression.name);
    case 'filter':
      return isOurFilter(expression.name) && namesOurs(expression);
    case 'test':
      return isOurTest(expression.name);
    case 'unary':
      return expression.operator === 'not';
    case 'binary':
      return OPERATORS.includes(expression.operator);
    case 'call':
      return methodOf(expression) !== undefined && expression.given.named.size === 0;
    case 'slice':
      return false;
  }
}

function isOurFilter(name: string): boolean {
  return isDefault(name) || FILTERS.has(name) || SEQUENCES.has(name);
}

function isOurTest(name: string): boolean {
  return DIRECT_TESTS.includes(name) || TESTS.has(name);
}

/** These take the name of a filter or a test as a text; the second of them behind an attribute. */
export const TAKES_NAME: Readonly<Record<string, readonly ['filter' | 'test', number]>> = {
  map: ['filter', 0],
  select: ['test', 0],
  reject: ['test', 0],
  selectattr: ['test', 1],
  rejectattr: ['test', 1],
};

/** Whether the filter or test that a filter is given by name, if it is given one, is computed here, too. */
function namesOurs(filter: Expression & { readonly kind: 'filter' }): boolean {
  const takes = Object.hasOwn(TAKES_NAME, filter.name) ? TAKES_NAME[filter.name] : undefined;
  const name = takes === undefined ? undefined : filter.given.positional[takes[1]];
  if (takes === undefined || name === undefined) return true;
  if (name.kind !== 'constant' || typeof name.value !== 'string') return false;
  return takes[0] === 'filter' ? isOurFilter(name.value) : isOurTest(name.value);
}

export function isDefault(filter: string): boolean {
  return filter === 'default' || filter === 'd';
}

/** The name of the dictionary's method that is called, if it is one of those that are computed here. */
export function methodOf(call: Expression): string | undefined {
  if (call.kind !== 'call' || call.of.kind !== 'item' || call.of.key.kind !== 'constant') return undefined;
  const { value } = call.of.key;
  return typeof value === 'string' && METHODS.includes(value) ? value : undefined;
}

/** The names an expression refers to, without what stands for itself. */
export function namesOf(expression: Expression, names = new Set<string>()): Set<string> {
  if (expression.kind === 'name') names.add(expression.name);
  for (const part of partsOf(expression)) namesOf(part, names);
  return names;
}

/** Whether a whole number that comes out of it is a float to Python, and prints as `5.0`. */
export function isFloating(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
      return expression.digits !== undefined && /[.eE]/.test(expression.digits) && !/^0[xX]/.test(expression.digits);
    case 'filter':
      return expression.name === 'float' || expression.name === 'round';
    case 'unary':
      return expression.operator !== 'not' && isFloating(expression.of);
    case 'binary':
      if (expression.operator === '/') return true;
      return (
        ['+', '-', '*', '//', '%', '**'].includes(expression.operator) &&
        [expression.left, expression.right].some(isFloating)
      );
    default:
      return false;
  }
}
