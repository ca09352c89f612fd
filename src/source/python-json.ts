import { byCodePoint, numberText } from './python-text.ts';
import { isList, isMap, type Value } from './value.ts';

export interface JsonStyle {
  /** Spaces for each level; on one line without it. */
  readonly indent?: number;
  readonly sorted: boolean;
  readonly ascii: boolean;
}

/** JSON as Python's `json.dumps` writes it, so that what hosts get does not change with the tool. */
export function pythonJson(value: Value, style: JsonStyle, depth = 0): string {
  if (typeof value === 'string') return style.ascii ? asciiOnly(JSON.stringify(value)) : JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : String(value);
  if (isList(value))
    return around(
      '[',
      value.map((item) => pythonJson(item, style, depth + 1)),
      ']',
      style,
      depth,
    );
  if (!isMap(value)) return String(value);
  const keys = style.sorted ? Object.keys(value).sort(byCodePoint) : Object.keys(value);
  const entries = keys.map((key) => `${pythonJson(key, style)}: ${pythonJson(value[key] ?? null, style, depth + 1)}`);
  return around('{', entries, '}', style, depth);
}

function around(open: string, items: readonly string[], close: string, style: JsonStyle, depth: number): string {
  if (items.length === 0) return open + close;
  if (style.indent === undefined) return `${open}${items.join(', ')}${close}`;
  const inner = `\n${' '.repeat(style.indent * (depth + 1))}`;
  return `${open}${inner}${items.join(`,${inner}`)}\n${' '.repeat(style.indent * depth)}${close}`;
}

function asciiOnly(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (char) =>
    char === '\u007f' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
