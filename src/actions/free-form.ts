import { PYTHON_ESCAPES } from '../source/python-text.ts';

/** What a task's free form text says: `key=value` words apart from the rest, which is left as it was written. */
export type FreeForm =
  | { readonly ok: true; readonly text: string; readonly params: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly message: string };

/** A word of free form: quotes and templates hold it together. */
const WORD =
  /(?:\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\}|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|\\[\s\S]|[^\s"'\\])+/gy;
/** A backslash at the end of a line joins it with the next. */
const BETWEEN = /^(?:\s|\\\n)*/;
const KEY_VALUE = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/;

/**
 * Takes the `key=value` words out of `text`, as Ansible does. With `knownKeys` (actions whose text is a command) only
 * those keys are taken and everything else stays text, character by character; without, every such word is taken, and
 * what remains in `text` is not of the form and a mistake for the caller to report.
 */
export function splitFreeForm(text: string, knownKeys?: readonly string[]): FreeForm {
  const params: [string, string][] = [];
  let kept = '';
  let at = 0;
  while (at < text.length) {
    const space = BETWEEN.exec(text.slice(at))?.[0] ?? '';
    const word = wordAt(text, at + space.length);
    if (word === undefined && at + space.length < text.length) return unclosed(text.slice(at + space.length));
    const [, key, value] = KEY_VALUE.exec(word ?? '') ?? [];
    const isParam = key !== undefined && value !== undefined && (knownKeys?.includes(key) ?? true);
    if (isParam) params.push([key, unquoted(unescaped(value))]);
    else kept += space + (word ?? '');
    at += space.length + (word?.length ?? 0);
  }
  return { ok: true, text: kept.trim(), params: Object.fromEntries(params) };
}

function wordAt(text: string, at: number): string | undefined {
  WORD.lastIndex = at;
  return WORD.exec(text)?.[0];
}

function unclosed(rest: string): FreeForm {
  return { ok: false, message: `a quote or a template is not closed at: ${rest.slice(0, 60)}` };
}

const ESCAPE = /\\(?:U([\da-fA-F]{8})|u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\\'"abfnrtv]))/g;
/** As Ansible has it in `key=value`, whatever the quotes: `\n` is a line break. */
function unescaped(value: string): string {
  return value.replace(ESCAPE, (written: string, eight?: string, four?: string, two?: string, one = '') => {
    const digits = eight ?? four ?? two;
    if (digits === undefined) return PYTHON_ESCAPES.get(one) ?? written;
    const code = Number.parseInt(digits, 16);
    return code > 0x10ffff ? written : String.fromCodePoint(code);
  });
}

/** One pair of quotes around a whole value is the writer's, not the value's. */
function unquoted(value: string): string {
  const isQuoted = value.length > 1 && /^(["'])[\s\S]*\1$/.test(value) && !value.endsWith('\\"');
  return isQuoted ? value.slice(1, -1) : value;
}
