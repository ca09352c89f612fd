import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeMistake, Mistakes } from '../../src/source/mistakes.ts';
import type { Value } from '../../src/source/value.ts';
import { entryOf, plain, readYaml } from '../../src/source/yaml.ts';

function reading(text: string) {
  const mistakes = new Mistakes();
  const node = readYaml({ file: 'a.yml', text }, mistakes);
  return { node, said: mistakes.all.map((each) => describeMistake(each).split('\n')[0]) };
}

function readAs(text: string): Value | undefined {
  const { node, said } = reading(text);
  expect(said).toEqual([]);
  return node === undefined ? undefined : plain(node);
}

describe('YAML as Ansible reads it', () => {
  it.each<[string, Value]>([
    ['a: yes', { a: true }],
    ['a: off', { a: false }],
    ['a: y', { a: 'y' }],
    ['a: 010', { a: 8 }],
    ['a: 08', { a: '08' }],
    ['a: 0x1F', { a: 31 }],
    ['a: 1_000', { a: 1000 }],
    ['a: 1e3', { a: '1e3' }],
    ['a: 1.5', { a: 1.5 }],
    ['a: ~', { a: null }],
    ['a:', { a: null }],
    ['a: "yes"', { a: 'yes' }],
    ['a: 2024-01-31', { a: '2024-01-31' }],
    ['a: .inf', { a: '.inf' }],
    ['yes: 1', { yes: 1 }],
    ['010: 1', { '010': 1 }],
    ['a: |\n  b\n  c\n', { a: 'b\nc\n' }],
    ['a: >-\n  b\n  c\n', { a: 'b c' }],
    ['- 1\n- [2, {b: 3}]', [1, [2, { b: 3 }]]],
    ['a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    ['a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}', { a: { b: 1, c: 2 }, d: { c: 3, b: 1 } }],
    ['a: &x {b: 1}\nd: &y {b: 2}\ne: {<<: [*x, *y]}', { a: { b: 1 }, d: { b: 2 }, e: { b: 1 } }],
    ['a: &x 1\nb: *x\nc: &x 2\nd: *x', { a: 1, b: 1, c: 2, d: 2 }],
  ])('%j', (text, expected) => {
    expect(readAs(text)).toEqual(expected);
  });

  it('reads every JSON value as JSON does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        fc.pre(!/[eE][+-]?\d|__proto__|"<<"|-0\b/.test(JSON.stringify(value)));
        expect(readAs(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('what cannot be read', () => {
  it.each<[string, string, readonly RegExp[]]>([
    ['only comments', '# x\n', [/^a\.yml:1:1: nothing but comments/]],
    ['two documents', 'a: 1\n---\nb: 1\n', [/^a\.yml:2:1: a second YAML document/]],
    ['keys twice', 'a: 1\nb: 1\na: 2\nb: 2\n', [/^a\.yml:3:1: this key stands twice/, /^a\.yml:4:1: /]],
    ['a tab', 'a:\n\tb: 1\n', [/^a\.yml:2:1: .*tab/]],
    ['an unknown tag', 'a: !vault x\n', [/^a\.yml:1:4: .*!vault and !unsafe are not supported/]],
    ['an alias of nothing', 'a: *x\n', [/^a\.yml:1:4: /]],
    ['an alias before its anchor', 'a: *x\nb: &x 1\n', [/^a\.yml:1:4: /]],
    ['a merge of a text', 'a: {<<: x}\n', [/^a\.yml:1:\d+: .*<</]],
    ['an alias within itself', 'a: &x [*x]\n', [/^a\.yml:1:\d+: .*too deep/]],
    ['too deep', `${'['.repeat(101)}${']'.repeat(101)}`, [/^a\.yml:1:\d+: this nests deeper than 100 levels/]],
  ])('%s', (_, text, expected) => {
    const { node, said } = reading(text);
    expect(node).toBeUndefined();
    expect(said).toEqual(expected.map((each) => expect.stringMatching(each)));
  });

  it('a file of aliases that would grow without end, and one with many that do not', () => {
    const laughs = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('');
    expect(reading(`a0: &a0 [x]\n${laughs}`).said).toEqual([expect.stringContaining('once its aliases are followed')]);
    const many = `a: &a 1\n${Array.from({ length: 5000 }, (_, i) => `b${i}: *a\n`).join('')}`;
    expect(Object.keys(readAs(many) ?? {})).toHaveLength(5001);
  });

  it('any text at all: a value or a mistake, never an exception', () => {
    const piece = fc.constantFrom(...'ab:-[]{}&*!|>\'"%@#,? \n\t<~0.'.split(''));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { node, said } = reading(pieces.join(''));
        expect(node === undefined).toBe(said.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('places', () => {
  it('of keys, values and what stands verbatim', () => {
    const { node } = reading('a: b\nlist:\n  - "c d"\n');
    const list = node?.kind === 'map' ? entryOf(node, 'list') : undefined;
    expect(list?.keyPlace).toMatchObject({ line: 2, column: 1, excerpt: 'list:' });
    const item = list?.value.kind === 'list' ? list.value.items[0] : undefined;
    expect(item).toMatchObject({ value: 'c d', verbatimFrom: 16, place: { line: 3, column: 5 } });
  });
});
