import { refuseVariable } from '../expressions/refused-variables.ts';
import type { Mistakes } from '../source/mistakes.ts';
import { didYouMean } from '../source/nearest.ts';
import { placeAt, type SourceText } from '../source/text.ts';
import { entryOf, plain, readYaml, type YamlEntry, type YamlMap, type YamlNode } from '../source/yaml.ts';
import type { Draft, DraftGroup } from './draft.ts';
import { readHostPattern } from './host-pattern.ts';

const KEYS = ['hosts', 'vars', 'children'] as const;

/** Reads a YAML (or JSON) inventory: its top keys are groups. */
export function readYamlInventory(source: SourceText, draft: Draft, mistakes: Mistakes): void {
  const root = readYaml(source, mistakes);
  if (root === undefined) return;
  if (root.kind !== 'map') {
    const message = 'a YAML inventory is a mapping of groups, such as "all: {hosts: {web1: {}}}"';
    mistakes.add('inventory-shape', message, placeAt(source, 0));
    return;
  }
  const plugin = entryOf(root, 'plugin');
  if (plugin?.value.kind === 'scalar') {
    mistakes.add(
      'inventory-plugin',
      'inventory plugins are not supported; save what `ansible-inventory --list --yaml` prints and give that',
      plugin.keyPlace,
    );
    return;
  }
  const meta = entryOf(root, '_meta');
  if (meta !== undefined) {
    const message = 'this is what a script prints; save what `ansible-inventory --list --yaml` prints and give that';
    mistakes.add('inventory-shape', message, meta.keyPlace);
    return;
  }
  const reader = new YamlGroups(draft, mistakes);
  for (const entry of root.entries) reader.group(entry);
}

class YamlGroups {
  readonly #draft: Draft;
  readonly #mistakes: Mistakes;

  constructor(draft: Draft, mistakes: Mistakes) {
    this.#draft = draft;
    this.#mistakes = mistakes;
  }

  /** Adds a group and all that is in it; undefined after adding a mistake. */
  group({ key, keyPlace, value }: YamlEntry): DraftGroup | undefined {
    const content = mapOrNothing(value);
    if (key === '' || content === undefined) {
      const why = key === '' ? 'a group needs a name' : `group "${key}" must be a mapping with hosts, vars or children`;
      this.#mistakes.add('inventory-shape', why, key === '' ? keyPlace : value.place);
      return undefined;
    }
    const group = this.#draft.group(key);
    for (const entry of content.entries) this.#part(group, entry);
    return group;
  }

  #part(group: DraftGroup, entry: YamlEntry): void {
    const part = KEYS.find((each) => each === entry.key);
    const content = mapOrNothing(nameAsMap(entry.value));
    if (part === undefined) this.#unknownKey(group, entry);
    else if (content === undefined) this.#notMap(group, part, entry);
    else for (const each of content.entries) this.#member(group, part, each);
  }

  #member(group: DraftGroup, part: (typeof KEYS)[number], entry: YamlEntry): void {
    switch (part) {
      case 'hosts':
        this.#host(group, entry);
        break;
      case 'vars':
        this.#draft.setGroupVar(group, entry.key, plain(entry.value), entry.keyPlace);
        break;
      case 'children':
        this.#child(group, entry);
    }
  }

  #child(parent: DraftGroup, entry: YamlEntry): void {
    const child = this.group(entry);
    if (child !== undefined) this.#draft.addChild(parent, child, entry.keyPlace);
  }

  #host(group: DraftGroup, { key, keyPlace, value }: YamlEntry): void {
    const pattern = readHostPattern(key);
    const vars = mapOrNothing(value);
    if (!pattern.ok) this.#mistakes.add(pattern.code, pattern.message, keyPlace);
    if (vars === undefined)
      this.#mistakes.add(
        'inventory-shape',
        `the variables of host "${key}" must be a mapping, such as ansible_host: 10.0.0.1`,
        value.place,
      );
    if (!pattern.ok || vars === undefined) return;
    for (const each of vars.entries) refuseVariable(each.key, this.#mistakes, each.keyPlace);
    const values = vars.entries.map((each) => [each.key, plain(each.value)] as const);
    for (const name of pattern.names) {
      const host = this.#draft.addHost(name, group, pattern.port);
      for (const [variable, each] of values) host.vars.set(variable, each);
    }
  }

  #unknownKey(group: DraftGroup, { key, keyPlace }: YamlEntry): void {
    const near = didYouMean(key, KEYS);
    const message = `"${key}" means nothing in group "${group.name}"; a group holds hosts, vars and children${near}`;
    this.#mistakes.add('inventory-key', message, keyPlace);
  }

  #notMap(group: DraftGroup, part: string, { value }: YamlEntry): void {
    const instead = value.kind === 'list' ? '; write each as a key, "NAME:", without the dash' : '';
    this.#mistakes.add(
      'inventory-shape',
      `"${part}" of group "${group.name}" must be a mapping${instead}`,
      value.place,
    );
  }
}

function mapOrNothing(node: YamlNode): YamlMap | undefined {
  if (node.kind === 'map') return node;
  return node.kind === 'scalar' && node.value === null ? { kind: 'map', entries: [], place: node.place } : undefined;
}

/** Ansible lets a single name stand for a mapping with that one key. */
function nameAsMap(node: YamlNode): YamlNode {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const value: YamlNode = { kind: 'scalar', value: null, place: node.place };
  return { kind: 'map', entries: [{ key: node.value, keyPlace: node.place, value }], place: node.place };
}
