import { refuseVariable } from '../expressions/refused-variables.ts';
import type { Files } from '../source/files.ts';
import { Mistakes } from '../source/mistakes.ts';
import type { SourceText } from '../source/text.ts';
import type { ValueMap } from '../source/value.ts';
import { mergeVars } from './merge.ts';
import { readVarsFile, readVarsText } from './vars-file.ts';

/**
 * Variables from `-e`: `key=value …` (always strings), a YAML or JSON mapping in braces, or `@file`. Later ones win.
 * `read` holds every file that was read.
 */
export function readExtraVars(
  args: readonly string[],
  files: Files,
  mistakes: Mistakes,
): { readonly vars: ValueMap; readonly read: readonly SourceText[] } {
  const read: SourceText[] = [];
  const maps = args.map((arg) => readArgument(arg, files, mistakes, read));
  return { vars: mergeVars(maps), read };
}

function readArgument(arg: string, files: Files, mistakes: Mistakes, read: SourceText[]): ValueMap {
  const refuse = (message: string) => {
    mistakes.add('extra-vars', `-e ${JSON.stringify(arg)}: ${message}`);
    return {};
  };
  const text = arg.trim();
  if (text === '') return refuse('nothing stands here; write key=value');
  if (text.startsWith('@')) return readVarsFile(text.slice(1), files, mistakes, { read });
  if (/^[{[]/.test(text)) return readMapping(arg, mistakes);
  if (/^[/.]/.test(text)) return refuse(`to read a file write -e @${text}`);
  const words = splitAssignments(arg);
  if (words === undefined) return refuse('a quotation or a "{{" is not closed');
  const assignments = words.flatMap((word) => readAssignment(word, refuse));
  for (const [name] of assignments) refuseVariable(name, mistakes, undefined, '-e');
  return Object.fromEntries(assignments);
}

function readMapping(arg: string, mistakes: Mistakes): ValueMap {
  const found = new Mistakes();
  const vars = readVarsText({ file: '-e', text: arg }, found);
  for (const { code, message, place } of found.all) mistakes.add(code, `-e ${JSON.stringify(arg)}: ${message}`, place);
  return vars;
}

function readAssignment(word: string, refuse: (message: string) => unknown): readonly [string, string][] {
  const text = decodeEscapes(word);
  const equals = /(?<!\\)=/.exec(text.slice(1));
  const key = equals === null ? '' : text.slice(0, equals.index + 1).trim();
  if (equals !== null && key !== '') return [[key, unquote(text.slice(equals.index + 2).trim())]];
  const file = /\.(ya?ml|json)$/.test(word) ? `; to read a file write -e @${word}` : '';
  refuse(`"${word}" is not key=value; a value with blanks needs quotes within the argument${file}`);
  return [];
}

/** Words apart from each other; blanks within quotes and within `{{ }}` belong to the word. Undefined where one is open. */
function splitAssignments(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word = '';
  let quote: string | undefined;
  let depth = 0;
  for (const [at, char] of [...text].entries()) {
    const pair = char + (text[at + 1] ?? '');
    if (/["']/.test(char) && text[at - 1] !== '\\')
      quote = quote === undefined ? char : quote === char ? undefined : quote;
    if (['{{', '{%', '{#'].includes(pair)) depth += 1;
    if (['}}', '%}', '#}'].includes(pair)) depth = Math.max(0, depth - 1);
    if (/\s/.test(char) && quote === undefined && depth === 0) {
      if (word !== '') words.push(word);
      word = '';
    } else word += char;
  }
  if (word !== '') words.push(word);
  return quote === undefined && depth === 0 ? words : undefined;
}

const ESCAPES = new Map(Object.entries({ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }));

function decodeEscapes(word: string): string {
  return word.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([\\'"abfnrtv]))/g, (_, byte, unit, char) =>
    char === undefined ? String.fromCodePoint(Number.parseInt(byte ?? unit, 16)) : (ESCAPES.get(char) ?? char),
  );
}

function unquote(value: string): string {
  const quote = value[0];
  const quoted = value.length > 1 && (quote === '"' || quote === "'") && value.endsWith(quote) && value.at(-2) !== '\\';
  return quoted ? value.slice(1, -1) : value;
}
