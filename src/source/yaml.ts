import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  Parser,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Mistakes, Place } from './mistakes.ts';
import { placeAt, type SourceText } from './text.ts';
import type { Value } from './value.ts';

/** A YAML value that knows where it stands. Aliases are already followed. */
export type YamlNode = YamlScalar | YamlList | YamlMap;

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | string;
  readonly place: Place;
  /** For strings that stand in the text as they are: the offset of each character is `offset + index`. */
  readonly verbatimFrom?: number;
}

export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly place: Place;
}

export interface YamlMap {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
  readonly place: Place;
}

export interface YamlEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: YamlNode;
}

/** Nodes after aliases are followed; a billion laughs stop here. */
const MOST_NODES = 500_000;
const MOST_DEPTH = 100;

const OPTIONS = {
  version: '1.1',
  merge: true,
  // Looked for below: the library compares each key with every other, which takes minutes for a hostile file.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** Reads one YAML 1.1 document, as Ansible does (`yes` is true, `010` is 8). Undefined after adding every mistake. */
export function readYaml(source: SourceText, mistakes: Mistakes): YamlNode | undefined {
  const before = mistakes.all.length;
  const tokens = [...new Parser().parse(source.text)];
  const tooDeep = offsetTooDeep(tokens);
  if (tooDeep !== undefined) {
    mistakes.add('yaml-too-much', `this nests deeper than ${MOST_DEPTH} levels`, placeAt(source, tooDeep));
    return undefined;
  }
  const documents = [...new Composer(OPTIONS).compose(tokens)];
  if (documents.length === 0) {
    mistakes.add('file-empty', 'nothing but comments stands here', placeAt(source, 0));
    return undefined;
  }
  for (const document of documents) {
    for (const problem of [...document.errors, ...document.warnings]) {
      mistakes.add(
        `yaml-${problem.code.toLowerCase().replaceAll('_', '-')}`,
        explain(problem),
        placeAt(source, problem.pos[0]),
      );
    }
  }
  const [document, second] = documents;
  if (second !== undefined) {
    mistakes.add(
      'yaml-two-documents',
      'a second YAML document begins here; keep one document to a file',
      placeAt(source, second.range[0]),
    );
  }
  if (mistakes.all.length > before || document === undefined) return undefined;
  const node = new Reader(source, document, mistakes).read(document.contents, 0);
  return mistakes.all.length > before ? undefined : node;
}

/** Where the text nests too deep, found without recursion: the composer would exhaust the stack and take Node with it. */
function offsetTooDeep(tokens: readonly CST.Token[]): number | undefined {
  const waiting = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > MOST_DEPTH) return token.offset;
    for (const inner of partsOf(token)) waiting.push({ token: inner, depth: depth + 1 });
  }
  return undefined;
}

function partsOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat());
}

function explain(problem: { readonly code: string; readonly message: string }): string {
  switch (problem.code) {
    case 'TAG_RESOLVE_FAILED':
      return `${problem.message}; tags such as !vault and !unsafe are not supported`;
    case 'TAB_AS_INDENT':
      return 'a tab is used as indentation; YAML wants spaces';
    default:
      return problem.message;
  }
}

class Reader {
  #nodes = 0;
  #tooMuch = false;
  readonly #targets: ReadonlyMap<Alias, Node>;

  constructor(
    private readonly source: SourceText,
    document: Document.Parsed,
    private readonly mistakes: Mistakes,
  ) {
    this.#targets = targetsOf(document);
  }

  read(node: unknown, depth: number): YamlNode {
    const place = placeAt(this.source, isNode(node) ? (node.range?.[0] ?? 0) : 0);
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES || depth > MOST_DEPTH) {
      if (!this.#tooMuch)
        this.mistakes.add('yaml-too-much', 'this grows too large or too deep once its aliases are followed', place);
      this.#tooMuch = true;
      return { kind: 'scalar', value: null, place };
    }
    if (isAlias(node)) return this.#alias(node, place, depth);
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node, depth), place };
    if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => this.read(item, depth + 1)), place };
    if (isScalar(node)) return this.#scalar(node, place);
    return { kind: 'scalar', value: null, place };
  }

  #alias(node: Alias, place: Place, depth: number): YamlNode {
    const target = this.#targets.get(node);
    if (target !== undefined) return this.read(target, depth + 1);
    this.mistakes.add('yaml-unknown-alias', `no anchor &${node.source} stands before this alias`, place);
    return { kind: 'scalar', value: null, place };
  }

  #scalar(node: Scalar, place: Place): YamlScalar {
    const { value } = node;
    const verbatim = this.#verbatimOffset(node);
    const known =
      value === null ||
      typeof value === 'string' ||
      (!isOnlyText(node) && (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))));
    // Dates, .inf and big integers stay what was written: no host understands a JavaScript Date.
    const scalar = { kind: 'scalar' as const, value: known ? value : (node.source ?? String(value)), place };
    return verbatim === undefined ? scalar : { ...scalar, verbatimFrom: verbatim };
  }

  #verbatimOffset(node: Scalar): number | undefined {
    const offset = node.range?.[0];
    if (offset === undefined || typeof node.value !== 'string') return undefined;
    const start = node.type === 'PLAIN' ? offset : offset + 1;
    return this.source.text.startsWith(node.value, start) ? start : undefined;
  }

  #entries(map: YAMLMap, depth: number): readonly YamlEntry[] {
    const own: YamlEntry[] = [];
    const keys = new Set<string>();
    const merged: YamlEntry[] = [];
    for (const pair of map.items) {
      const keyNode = pair.key;
      const keyPlace = placeAt(this.source, isNode(keyNode) ? (keyNode.range?.[0] ?? 0) : 0);
      if (isScalar(keyNode) && (keyNode.value === '<<' || typeof keyNode.value === 'symbol')) {
        merged.push(...this.#merge(this.read(pair.value, depth + 1), keyPlace));
      } else if (isScalar(keyNode)) {
        const value = isNode(pair.value)
          ? this.read(pair.value, depth + 1)
          : ({ kind: 'scalar', value: null, place: keyPlace } as const);
        own.push({ key: this.#unique(keyText(keyNode), keys, keyPlace), keyPlace, value });
      } else {
        this.mistakes.add(
          'yaml-key',
          'a key must be a plain word; a "{{" that begins a value needs quotes around the whole value',
          keyPlace,
        );
      }
    }
    const inherited = merged.filter(({ key }) => !keys.has(key) && keys.add(key));
    return [...own, ...inherited];
  }

  #unique(key: string, keys: Set<string>, place: Place): string {
    if (keys.has(key)) {
      const message = 'this key stands twice in the same mapping; the later one would silently win';
      this.mistakes.add('yaml-duplicate-key', message, place);
    }
    keys.add(key);
    return key;
  }

  #merge(node: YamlNode, place: Place): readonly YamlEntry[] {
    if (node.kind === 'map') return node.entries;
    if (node.kind === 'list' && node.items.every((item) => item.kind === 'map'))
      return node.items.flatMap((item) => (item.kind === 'map' ? item.entries : []));
    this.mistakes.add('yaml-merge', '<< takes a mapping or a list of mappings', place);
    return [];
  }
}

/** What each alias stands for. The library walks through the whole document for each of them: minutes, for a hostile file. */
function targetsOf(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node: (_, node) => {
      const target = isAlias(node) ? anchors.get(node.source) : undefined;
      if (isAlias(node) && target !== undefined) targets.set(node, target);
      if (!isAlias(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** `y`, `08` and `1e3`, which YAML 1.1 calls booleans and numbers, are text to Ansible's parser. */
function isOnlyText(node: Scalar): boolean {
  const written = node.type === 'PLAIN' && node.tag === undefined ? (node.source ?? '') : '';
  return /^(?:[yYnN]|[-+]?0\d*[89]\d*|-\.\d+|[-+]?[\d_.]+[eE]\d+|[-+]?\d+[eE][-+]\d+)$/.test(written);
}

/** `yes:` and `010:` are keys by what was written, as people mean them. */
function keyText(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

/** The value without its places. */
export function plain(node: YamlNode): Value {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plain);
    case 'map':
      return Object.fromEntries(node.entries.map((entry) => [entry.key, plain(entry.value)]));
  }
}

/** The entry of a mapping, by key. */
export function entryOf(map: YamlMap, key: string): YamlEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}
