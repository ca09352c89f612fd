import { describe, expect, it } from 'vitest';
import { createExpressions } from '../../src/expressions/expressions.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { readInventory } from '../../src/inventory/read.ts';
import { boundedMatch, TooLong } from '../../src/source/bounded-match.ts';
import { Mistakes } from '../../src/source/mistakes.ts';
import { scopeOf } from '../expressions/scopes.ts';
import { memoryFiles } from '../inventory/memory-files.ts';

/** On these, `(a+)+$` takes as many tries as there are ways to cut 40 letters: weeks. */
const LETTERS = `${'a'.repeat(40)}!`;

describe('a regular expression that takes for ever', () => {
  it.each([
    "{{ s | regex_search('(a+)+$') }}",
    "{{ s | regex_findall('(a+)+$') }}",
    "{{ s | regex_replace('(a+)+$', '') }}",
    "{{ s is match('(a+)+$') }}",
    "{{ s is regex('(a|a)*$') }}",
  ])('is given up in %s', (template) => {
    const value = createExpressions().template(template, scopeOf({ s: LETTERS }));
    expect(value).toMatchObject({ ok: false, reason: expect.stringContaining('takes too long') });
  });

  it.each(['~(a+)+$', `${'*a'.repeat(20)}x`])('is given up as a pattern of hosts: %s', (pattern) => {
    const { inventory } = readInventory(['hosts'], memoryFiles({ hosts: `${'a'.repeat(60)}.b\n` }), new Mistakes());
    expect(selectHosts(pattern, inventory).problems).toEqual([
      { code: 'pattern-regex', message: expect.stringContaining('takes too long'), offset: 0 },
    ]);
  });

  it('is given up where one repetition meets a long text', () => {
    const blanks = `${' '.repeat(1_000_000)}x`;
    expect(boundedMatch(/\s+$/, blanks.length, () => /\s+$/.exec(blanks))).toBeInstanceOf(TooLong);
  });
});

it('others are asked as before, and what they throw comes through', () => {
  expect(boundedMatch(/a+b+/, 3, () => /a+b+/.exec('aab')?.[0])).toBe('aab');
  expect(() =>
    boundedMatch(/a+b+/, 3, () => {
      throw new RangeError('no');
    }),
  ).toThrow(RangeError);
});
