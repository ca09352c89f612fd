/** Python’s order of texts. */
export function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [Array.from(a), Array.from(b)];
  for (const [index, char] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (char !== other) return (char.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
  }
  return left.length - right.length;
}

/** Python’s `str` of a number that is no float, or has a part behind its point. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  const text = String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** What follows a backslash in Python’s texts, and what both come to; those of digits apart. */
export const PYTHON_ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '\\': '\\',
    "'": "'",
    '"': '"',
    a: '\x07',
    b: '\b',
    f: '\f',
    n: '\n',
    r: '\r',
    t: '\t',
    v: '\v',
  }),
);
