import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { graph, hostAsJson, listAsJson } from '../../src/inventory/list.ts';
import { typeValue } from '../../src/inventory/literal.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { readInventory } from '../../src/inventory/read.ts';
import { Mistakes } from '../../src/source/mistakes.ts';
import type { Value } from '../../src/source/value.ts';
import { memoryFiles } from './memory-files.ts';

/** An inventory and what ansible-core 2.14.18 made of it (cases/record.py). */
interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly sources: readonly string[];
  /** Ansible warned and went on without hosts. */
  readonly broken?: boolean;
  readonly list?: Value;
  readonly graph?: string;
  readonly order?: readonly string[];
  readonly hosts?: Readonly<Record<string, { readonly names: readonly string[]; readonly says?: string }>>;
}

function answers<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`cases/${name}.json`, import.meta.url), 'utf8'));
}

const all = ['ini', 'yaml', 'sources', 'patterns'].flatMap((name) => answers<Case>(name));

function read(from: Case): { readonly inventory: Inventory; readonly mistakes: Mistakes } {
  const mistakes = new Mistakes();
  const { inventory } = readInventory(from.sources, memoryFiles(from.files), mistakes);
  return { inventory, mistakes };
}

describe('inventories, as ansible-core reads them', () => {
  it.each(all.filter(({ broken }) => broken === undefined))('$name', (each) => {
    const { inventory, mistakes } = read(each);
    expect(mistakes.all).toEqual([]);
    expect(listAsJson(inventory)).toEqual(each.list);
    expect(graph(inventory)).toBe(each.graph);
    expect(inventory.groups.get('all')?.allHosts).toEqual(each.order);
    for (const [name, { vars }] of inventory.hosts) expect(hostAsJson(inventory, name)).toEqual(vars);
  });

  it.each(all.filter(({ broken }) => broken))('a mistake where ansible-core goes on without hosts: $name', (each) => {
    const { mistakes } = read(each);
    expect(mistakes.none).toBe(false);
  });
});

describe('values of INI inventories, as ansible-core types them', () => {
  it.each(answers<[string, Value]>('values'))('%s', (text, value) => {
    expect(typeValue(text)).toEqual(value);
  });
});

const selections = all.flatMap((each) =>
  Object.entries(each.hosts ?? {}).map(([pattern, answer]) => ({ case: each, pattern, ...answer })),
);
/** Selects nothing, everything or something else without a word there; here they have tests of their own. */
const deviations = ['web[2:1]', 'web[9:]', 'web[:2]', 'a*'];

describe('patterns, as ansible-core selects', () => {
  it.each(selections.filter(({ pattern, says }) => says === undefined && !deviations.includes(pattern)))(
    '$case.name: $pattern',
    ({ case: from, pattern, names }) => {
      const { hosts, problems } = selectHosts(pattern, read(from).inventory);
      expect(problems).toEqual([]);
      expect(hosts).toEqual(names);
    },
  );

  it.each(selections.filter(({ says }) => says !== undefined))('a problem where it warns: $pattern', (each) => {
    expect(selectHosts(each.pattern, read(each.case).inventory).problems).not.toEqual([]);
  });
});
