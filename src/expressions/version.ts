import { byCodePoint } from '../source/python-text.ts';
import type { Value } from '../source/value.ts';
import { Failure } from './failure.ts';

const HOLDS: Readonly<Record<string, (difference: number) => boolean>> = {
  '==': (d) => d === 0,
  '=': (d) => d === 0,
  eq: (d) => d === 0,
  '!=': (d) => d !== 0,
  '<>': (d) => d !== 0,
  ne: (d) => d !== 0,
  '<': (d) => d < 0,
  lt: (d) => d < 0,
  '<=': (d) => d <= 0,
  le: (d) => d <= 0,
  '>': (d) => d > 0,
  gt: (d) => d > 0,
  '>=': (d) => d >= 0,
  ge: (d) => d >= 0,
};

/** Ansible's `version` test: Python's LooseVersion (https://docs.python.org/3.11/distutils/apiref.html). */
export function versionHolds(left: string, right: string, operator: Value): boolean {
  const holds = typeof operator === 'string' && Object.hasOwn(HOLDS, operator) ? HOLDS[operator] : undefined;
  if (holds === undefined)
    throw new Failure(
      'error',
      `version does not know the operator ${String(operator)}; use ${Object.keys(HOLDS).join(' ')}`,
    );
  if (left === '' || right === '')
    throw new Failure('error', 'version cannot compare an empty text; is it really set?');
  return holds(difference(left, right));
}

function difference(left: string, right: string): number {
  const [a, b] = [componentsOf(left), componentsOf(right)];
  for (const [index, one] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (one === other) continue;
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    if (typeof one === 'string' && typeof other === 'string') return byCodePoint(one, other);
    throw new Failure('error', `the versions ${left} and ${right} cannot be compared: ${one} stands against ${other}`);
  }
  return a.length - b.length;
}

function componentsOf(version: string): readonly (number | string)[] {
  return version
    .split(/(\d+|[a-z]+|\.)/)
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
