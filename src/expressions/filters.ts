import { createHash, getHashes } from 'node:crypto';
import { Mistakes } from '../source/mistakes.ts';
import { pythonJson } from '../source/python-json.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import { plain, readYaml } from '../source/yaml.ts';
import { Failure } from './failure.ts';
import type { Arguments, Builtin } from './given.ts';
import { groupOf, matchesOf, regexOf, replaced } from './regex.ts';
import { rounded } from './round.ts';
import { asPythonText, kindOf, mapOf, printed, same, truthy } from './values.ts';
import { toYaml } from './yaml.ts';

function textOf(value: Value, filter: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return asPythonText(value);
  throw new Failure('error', `${filter} wants a text, but got ${kindOf(value)}`);
}

function listOf(value: Value | undefined, filter: string): readonly Value[] {
  if (isList(value)) return value;
  throw new Failure('error', `${filter} wants a list, but got ${value === undefined ? 'nothing' : kindOf(value)}`);
}

function mapIn(value: Value | undefined, filter: string): ValueMap {
  if (isMap(value)) return value;
  throw new Failure(
    'error',
    `${filter} wants a dictionary, but got ${value === undefined ? 'nothing' : kindOf(value)}`,
  );
}

function keyIn(given: Arguments, name: string, otherwise: string): string {
  return asPythonText(given.get(name) ?? otherwise);
}

function toBool(value: Value): Value {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return ['yes', 'on', '1', 'true'].includes(value.toLowerCase());
  return value === 1;
}

function combine(value: Value, given: Arguments): Value {
  if (given.get('list_merge') !== undefined && given.get('list_merge') !== 'replace')
    throw new Failure('error', 'combine replaces lists; list_merge is not supported');
  const recursive = truthy(given.get('recursive') ?? false);
  const maps = [value, ...given.rest].flatMap((item) => (isList(item) ? item : [item]));
  return maps.reduce<ValueMap>((merged, next) => mergeMaps(merged, mapIn(next, 'combine'), recursive), {});
}

function mergeMaps(under: ValueMap, over: ValueMap, recursive: boolean): ValueMap {
  const merged = new Map<string, Value>(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const old = merged.get(key);
    merged.set(key, recursive && isMap(old) && isMap(value) ? mergeMaps(old, value, true) : value);
  }
  return mapOf(merged);
}

function dict2items(value: Value, given: Arguments): Value {
  const [keyName, valueName] = [keyIn(given, 'key_name', 'key'), keyIn(given, 'value_name', 'value')];
  return Object.entries(mapIn(value, 'dict2items')).map(([key, item]) =>
    mapOf([
      [keyName, key],
      [valueName, item],
    ]),
  );
}

function items2dict(value: Value, given: Arguments): Value {
  const [keyName, valueName] = [keyIn(given, 'key_name', 'key'), keyIn(given, 'value_name', 'value')];
  return mapOf(
    listOf(value, 'items2dict').map((item): readonly [string, Value] => {
      const map = mapIn(item, 'items2dict');
      const [key, held] = [map[keyName], map[valueName]];
      if (key === undefined || held === undefined)
        throw new Failure(
          'error',
          `items2dict wants ${keyName} and ${valueName} in each item; name others with key_name and value_name`,
        );
      return [asPythonText(key), held];
    }),
  );
}

function flatten(items: readonly Value[], levels: number, skipNulls: boolean): readonly Value[] {
  return items.flatMap((item) => {
    if (skipNulls && (item === null || item === 'None' || item === 'null')) return [];
    if (isList(item) && levels >= 1) return flatten(item, levels - 1, skipNulls);
    return [item];
  });
}

function fromJson(value: Value): Value {
  const text = textOf(value, 'from_json');
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new Failure(
      'error',
      `from_json: this is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function fromYaml(value: Value): Value {
  if (typeof value !== 'string') return value;
  const mistakes = new Mistakes();
  const node = readYaml({ file: 'from_yaml', text: value }, mistakes);
  if (node !== undefined) return plain(node);
  if (mistakes.all.every((mistake) => mistake.code === 'file-empty')) return null;
  throw new Failure('error', `from_yaml: this is not YAML: ${mistakes.all[0]?.message ?? ''}`);
}

function hash(value: Value, given: Arguments): Value {
  const algorithm = keyIn(given, 'hashtype', 'sha1');
  if (!getHashes().includes(algorithm))
    throw new Failure('error', `hash does not know "${algorithm}"; write sha256, for instance`);
  return createHash(algorithm).update(textOf(value, 'hash')).digest('hex');
}

function b64decode(value: Value): Value {
  const bytes = Buffer.from(textOf(value, 'b64decode'), 'base64');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure('error', 'b64decode: what is encoded here is not UTF-8 text');
  }
}

function dirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '');
}

function quote(value: Value): Value {
  const text = printed(value);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

function regexSearch(value: Value, given: Arguments): Value {
  const [pattern, ...wanted] = given.rest.map((item) => textOf(item, 'regex_search'));
  if (pattern === undefined) throw new Failure('error', 'regex_search needs a regular expression');
  const [match] = matchesOf(regexOf(pattern, given), textOf(value, 'regex_search'));
  if (match === undefined) return null;
  if (wanted.length === 0) return match[0];
  return wanted.map((group) => {
    const name = /^\\(?:g<(\w+)>|(\d+))$/.exec(group);
    const found = name?.[1] ?? name?.[2];
    if (found === undefined)
      throw new Failure('error', `regex_search: write a group as '\\1' or '\\g<name>', not ${group}`);
    return groupOf(found, match, match.groups);
  });
}

function regexFindall(value: Value, given: Arguments): Value {
  const regex = regexOf(textOf(given.get('regex') ?? '', 'regex_findall'), given, 'g');
  return matchesOf(regex, textOf(value, 'regex_findall')).map(([whole, ...groups]) => {
    const texts = groups.map((group) => group ?? '');
    return texts.length === 0 ? whole : texts.length === 1 ? (texts[0] ?? '') : texts;
  });
}

function regexReplace(value: Value, given: Arguments): Value {
  const regex = regexOf(textOf(given.get('pattern') ?? '', 'regex_replace'), given, 'g');
  const replacement = textOf(given.get('replacement') ?? '', 'regex_replace');
  const text = textOf(value, 'regex_replace');
  let made = '';
  let last = 0;
  for (const match of matchesOf(regex, text)) {
    made += text.slice(last, match.index) + replaced(replacement, match, match.groups);
    last = match.index + match[0].length;
  }
  return made + text.slice(last);
}

function regexEscape(value: Value): Value {
  return textOf(value, 'regex_escape').replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&');
}

function ternary(value: Value, given: Arguments): Value {
  const whenNone = given.get('none_val');
  if (value === null && whenNone !== undefined && whenNone !== null) return whenNone;
  const chosen = given.get(truthy(value) ? 'true_val' : 'false_val');
  if (chosen === undefined) throw new Failure('error', 'ternary needs a value for true and one for false');
  return chosen;
}

function typeDebug(value: Value): Value {
  if (value === null) return 'NoneType';
  if (isList(value)) return 'list';
  if (isMap(value)) return 'dict';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return typeof value === 'boolean' ? 'bool' : 'str';
}

function unique(items: readonly Value[], key = (item: Value) => item): readonly Value[] {
  const kept: Value[] = [];
  const simple = new Set<Value>();
  for (const item of items) {
    const by = key(item);
    if (typeof by === 'string' ? simple.has(by) : kept.some((other) => same(key(other), by))) continue;
    simple.add(by);
    kept.push(item);
  }
  return kept;
}

function uniqueBy(value: Value, given: Arguments): Value {
  const attribute = given.get('attribute');
  const exact = truthy(given.get('case_sensitive') ?? false);
  return unique(listOf(value, 'unique'), (item) => {
    const by = typeof attribute === 'string' ? (mapIn(item, 'unique')[attribute] ?? null) : item;
    return typeof by === 'string' && !exact ? by.toLowerCase() : by;
  });
}

const missingFrom = (items: readonly Value[]) => (item: Value) => !items.some((other) => same(other, item));

function setFilter(name: string, make: (a: readonly Value[], b: readonly Value[]) => readonly Value[]): Builtin {
  return { params: ['b'], apply: (value, given) => unique(make(listOf(value, name), listOf(given.get('b'), name))) };
}

function zip(value: Value, given: Arguments): Value {
  const lists = [value, ...given.rest].map((list) => listOf(list, 'zip'));
  const length = Math.min(...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => lists.map((list) => list[index] ?? null));
}

function toJson(value: Value, given: Arguments, indent: Value, sorted: Value): Value {
  return pythonJson(value, {
    sorted: truthy(given.get('sort_keys') ?? sorted),
    ascii: truthy(given.get('ensure_ascii') ?? true),
    ...(typeof indent === 'number' ? { indent } : {}),
  });
}

function toInt(value: Value, given: Arguments): Value {
  const otherwise = given.get('default') ?? 0;
  const base = Number(given.get('base') ?? 10);
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : otherwise;
  if (typeof value !== 'string') return otherwise;
  const digits = value.trim().replaceAll(/(?<=\w)_(?=\w)/g, '');
  if (base === 10) return wholePart(digits) ?? otherwise;
  const bare = digits.replace(/^([-+]?)0[xXoObB]/, '$1').toLowerCase();
  const valid = bare !== '' && [...bare.replace(/^[-+]/, '')].every((digit) => Number.parseInt(digit, base) >= 0);
  return valid ? Number.parseInt(bare, base) : otherwise;
}

function wholePart(digits: string): number | undefined {
  const number = Math.trunc(floatIn(digits));
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER)
    throw new Failure('error', `${digits} is too large a number to compute with exactly; keep it as text`);
  return Number.isFinite(number) ? number : undefined;
}

/** As Python reads a decimal number: `1_000` is one, `0x10` is none. */
function floatIn(text: string): number {
  const digits = text.trim().replaceAll(/(?<=\d)_(?=\d)/g, '');
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(digits) ? Number(digits) : Number.NaN;
}

function toFloat(value: Value, given: Arguments): Value {
  const isNumber = typeof value === 'number' || typeof value === 'boolean';
  const number = typeof value === 'string' ? floatIn(value) : isNumber ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : (given.get('default') ?? 0);
}

/** What a loop over the value would come to. */
export function itemsOf(value: Value): readonly Value[] {
  if (isList(value)) return value;
  if (isMap(value)) return Object.keys(value);
  if (typeof value === 'string') return Array.from(value);
  throw new Failure('error', `what is wanted here is a list, a dictionary or a text, not ${kindOf(value)}`);
}

function trim(value: Value, given: Arguments): Value {
  const text = asPythonText(value);
  const chars = given.get('chars');
  if (typeof chars !== 'string') return text.trim();
  const kept = Array.from(text);
  while (kept.length > 0 && chars.includes(kept[0] ?? '')) kept.shift();
  while (kept.length > 0 && chars.includes(kept.at(-1) ?? '')) kept.pop();
  return kept.join('');
}

/** Words begin behind spaces, hyphens and opening brackets, as Jinja has it: not behind an apostrophe. */
function title(value: Value): Value {
  const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
  return asPythonText(value)
    .split(/([-\s({[<]+)/)
    .map(capital)
    .join('');
}

function join(value: Value, given: Arguments): Value {
  const attribute = given.get('attribute');
  const items = itemsOf(value).map((item) =>
    typeof attribute === 'string' ? (mapIn(item, 'join')[attribute] ?? null) : item,
  );
  return items.map((item) => asPythonText(item)).join(asPythonText(given.get('d') ?? ''));
}

/**
 * Ansible's filters, and those of Jinja's that the engine has otherwise: they keep the order of a dictionary's keys,
 * print as Python does, and convert as Python does.
 */
export const FILTERS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['b64decode', { params: [], apply: b64decode }],
  ['b64encode', { params: [], apply: (value) => Buffer.from(textOf(value, 'b64encode')).toString('base64') }],
  ['basename', { params: [], apply: (value) => textOf(value, 'basename').replace(/^.*\//s, '') }],
  ['bool', { params: [], apply: toBool }],
  ['combine', { params: ['recursive', 'list_merge'], takesRest: true, apply: combine }],
  ['dict2items', { params: ['key_name', 'value_name'], apply: dict2items }],
  ['difference', setFilter('difference', (a, b) => a.filter(missingFrom(b)))],
  ['dirname', { params: [], apply: (value) => dirname(textOf(value, 'dirname')) }],
  [
    'flatten',
    {
      params: ['levels', 'skip_nulls'],
      apply: (value, given) =>
        flatten(
          listOf(value, 'flatten'),
          Number(given.get('levels') ?? Number.POSITIVE_INFINITY),
          truthy(given.get('skip_nulls') ?? true),
        ),
    },
  ],
  ['float', { params: ['default'], apply: toFloat }],
  ['from_json', { params: [], apply: fromJson }],
  ['from_yaml', { params: [], apply: fromYaml }],
  ['hash', { params: ['hashtype'], apply: hash }],
  ['int', { params: ['default', 'base'], apply: toInt }],
  ['intersect', setFilter('intersect', (a, b) => a.filter((item) => !missingFrom(b)(item)))],
  ['items', { params: [], apply: (value) => Object.entries(mapIn(value, 'items')) }],
  ['items2dict', { params: ['key_name', 'value_name'], apply: items2dict }],
  ['join', { params: ['d', 'attribute'], apply: join }],
  ['list', { params: [], apply: itemsOf }],
  ['mandatory', { params: ['msg'], apply: (value) => value }],
  ['quote', { params: [], apply: quote }],
  ['regex_escape', { params: [], apply: regexEscape }],
  ['regex_findall', { params: ['regex', 'multiline', 'ignorecase'], apply: regexFindall }],
  ['regex_replace', { params: ['pattern', 'replacement', 'ignorecase', 'multiline'], apply: regexReplace }],
  ['regex_search', { params: ['ignorecase', 'multiline'], takesRest: true, apply: regexSearch }],
  [
    'round',
    {
      params: ['precision', 'method'],
      apply: (value, given) => rounded(value, Number(given.get('precision') ?? 0), given.get('method') ?? 'common'),
    },
  ],
  ['string', { params: [], apply: (value) => asPythonText(value) }],
  ['ternary', { params: ['true_val', 'false_val', 'none_val'], apply: ternary }],
  ['title', { params: [], apply: title }],
  [
    'to_json',
    {
      params: ['indent', 'sort_keys', 'ensure_ascii'],
      apply: (value, given) => toJson(value, given, given.get('indent') ?? null, false),
    },
  ],
  [
    'to_nice_json',
    {
      params: ['indent', 'sort_keys', 'ensure_ascii'],
      apply: (value, given) => toJson(value, given, given.get('indent') ?? 4, true),
    },
  ],
  ['to_yaml', { params: [], apply: (value) => toYaml(value) }],
  ['lower', { params: [], apply: (value) => asPythonText(value).toLowerCase() }],
  ['upper', { params: [], apply: (value) => asPythonText(value).toUpperCase() }],
  ['trim', { params: ['chars'], apply: trim }],
  ['type_debug', { params: [], apply: typeDebug }],
  ['union', setFilter('union', (a, b) => [...a, ...b])],
  ['unique', { params: ['case_sensitive', 'attribute'], apply: uniqueBy }],
  ['zip', { params: [], takesRest: true, apply: zip }],
]);
