import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineDiff } from '../../src/report/line-diff.ts';

const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })
  .map((lines) => lines.map((line) => `${line}\n`).join(''));

describe('what becomes of a text', () => {
  it('is told with the lines around it', () => {
    expect(lineDiff('1\n2\n3\n4\n5\n', '1\n2\n3\n4\nfive\n')).toEqual([
      '@@ line 2 @@',
      ' 2',
      ' 3',
      ' 4',
      '-5',
      '+five',
    ]);
    expect(lineDiff('', 'new\n')).toEqual(['@@ line 1 @@', '+new']);
    expect(lineDiff('same\n', 'same\n')).toEqual([]);
  });

  it('names as many lines to go and to come as make the one text the other', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const told = lineDiff(before, after);
        const count = (text: string) => text.split('\n').length;
        const of = (sign: string) => told.filter((line) => line.startsWith(sign)).length;
        expect(count(before) - of('-') + of('+')).toBe(count(after));
        expect(told.length === 0).toBe(before === after);
      }),
    );
  });
});
