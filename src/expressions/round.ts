import type { Value } from '../source/value.ts';
import { Failure } from './failure.ts';
import { kindOf } from './values.ts';

/** More digits than any number has behind its point that is not far from zero. */
const ALL_DIGITS = 60;

/** Jinja's `round`: `common` as Python rounds, what lies half way to the even neighbour. */
export function rounded(value: Value, precision: number, method: Value): number {
  if (typeof value !== 'number') throw new Failure('error', `round wants a number, but got ${kindOf(value)}`);
  if (method === 'common') return precision < 0 ? scaled(value, precision, toEven) : halfToEven(value, precision);
  if (method === 'ceil') return scaled(value, precision, Math.ceil);
  if (method === 'floor') return scaled(value, precision, Math.floor);
  throw new Failure('error', 'round knows the methods common, ceil and floor');
}

function scaled(value: number, precision: number, round: (value: number) => number): number {
  if (precision >= 0) return round(value * 10 ** precision) / 10 ** precision;
  return round(value / 10 ** -precision) * 10 ** -precision;
}

function toEven(value: number): number {
  return halfToEven(value, 0);
}

/** `toFixed` is exact, but takes a half away from zero. */
function halfToEven(value: number, precision: number): number {
  const digits = Math.min(precision, 100 - ALL_DIGITS);
  const [whole = '', behind = ''] = value.toFixed(digits + ALL_DIGITS).split('.');
  const up = Number(value.toFixed(digits));
  if (!/^50*$/.test(behind.slice(digits))) return up;
  const down = `${whole}.${behind.slice(0, digits)}`;
  return /[02468]\.?$/.test(down) ? Number(down) : up;
}
