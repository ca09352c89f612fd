import { byCodePoint, numberText } from '../source/python-text.ts';
import { isList, isMap, type Value } from '../source/value.ts';
import { Failure } from './failure.ts';

/** Python's truth, which is Jinja's: empty texts, lists, maps, zero and none are false. */
export function truthy(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Python's `==`: deep, and true equals 1. */
export function same(left: Value, right: Value): boolean {
  if (isList(left) && isList(right))
    return left.length === right.length && left.every((item, index) => same(item, right[index] ?? null));
  if (isMap(left) && isMap(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && same(left[key] ?? null, right[key] ?? null))
    );
  }
  return asNumber(left) === asNumber(right);
}

function asNumber(value: Value): Value {
  return typeof value === 'boolean' ? Number(value) : value;
}

/** Below zero, zero or above, as Python orders; numbers with texts cannot be ordered. */
export function ordered(left: Value, right: Value): number {
  const [a, b] = [asNumber(left), asNumber(right)];
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return byCodePoint(a, b);
  if (isList(a) && isList(b)) return orderedLists(a, b);
  throw new Failure(
    'error',
    `${kindOf(left)} and ${kindOf(right)} cannot be compared for order; convert one of them, for instance with "| int"`,
  );
}

function orderedLists(left: readonly Value[], right: readonly Value[]): number {
  for (const [index, item] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (!same(item, other)) return ordered(item, other);
  }
  return left.length - right.length;
}

/** Python's `in`. */
export function holdsItem(container: Value, item: Value): boolean {
  if (isList(container)) return container.some((each) => same(each, item));
  if (isMap(container))
    return (typeof item === 'string' || typeof item === 'number') && Object.hasOwn(container, String(item));
  if (typeof container === 'string' && typeof item === 'string') return container.includes(item);
  throw new Failure('error', `"in" cannot look for ${kindOf(item)} in ${kindOf(container)}`);
}

/** Characters or items. */
const LONGEST_REPEATED = 1_000_000;

/** Python's `*`; repeating a text or a list comes to an end. */
export function times(left: Value, right: Value): Value {
  const [a, b] = [asNumber(left), asNumber(right)];
  if (typeof a === 'number' && typeof b === 'number') return exact(a * b);
  const [repeated, count] = typeof a === 'number' ? [b, a] : [a, b];
  if (typeof count !== 'number' || (typeof repeated !== 'string' && !isList(repeated)))
    throw new Failure('error', `${kindOf(left)} and ${kindOf(right)} cannot be multiplied`);
  if (count * repeated.length > LONGEST_REPEATED) throw new Failure('error', 'what is repeated here grows too large');
  const often = Math.max(0, Math.trunc(count));
  return typeof repeated === 'string' ? repeated.repeat(often) : Array.from({ length: often }, () => repeated).flat();
}

/** Integers that JavaScript cannot tell apart are refused rather than changed. */
export function exact(value: number): number {
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
  throw new Failure('error', `${value} is too large a number to compute with exactly`);
}

/** What people call a value. */
export function kindOf(value: Value): string {
  if (value === null) return 'none';
  if (isList(value)) return 'a list';
  if (isMap(value)) return 'a dictionary';
  return { boolean: 'a boolean', number: 'a number', string: 'a text' }[
    typeof value as 'boolean' | 'number' | 'string'
  ];
}

/** A value within text, as Ansible prints it: Python's `str`, and nothing for none. */
export function printed(value: Value, floating = false): string {
  return value === null ? '' : asPythonText(value, floating);
}

/** Python's `str`. `floating`: a whole number here is a float there, and prints as `5.0`. */
export function asPythonText(value: Value, floating = false): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && floating && Number.isInteger(value))
    return Math.abs(value) < 1e16 ? `${value}.0` : value.toExponential();
  return representation(value);
}

/** Python's `repr`. */
function representation(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return quotedText(value);
  if (isList(value)) return `[${value.map(representation).join(', ')}]`;
  if (!isMap(value)) return '';
  return `{${Object.entries(value)
    .map(([key, item]) => `${quotedText(key)}: ${representation(item)}`)
    .join(', ')}}`;
}

const ESCAPED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function quotedText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\\n\r\t]/g, (char) => ESCAPED[char] ?? char);
  const visible = body.replace(/[\u0000-\u001f\u007f-\u00a0\u00ad]/g, (char) => `\\x${hex(char)}`);
  return `${quote}${quote === "'" ? visible.replaceAll("'", "\\'") : visible}${quote}`;
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, '0');
}

/** A map from entries; `__proto__` is a key like any other. */
export function mapOf(entries: Iterable<readonly [string, Value]>): { readonly [key: string]: Value } {
  return Object.fromEntries(entries);
}
