import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** The rows of a table of the docs, without its head. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const text = readFileSync(join(ROOT, 'docs/running.md'), 'utf8').split(heading)[1]?.split('\n## ')[0] ?? '';
  const [, , ...rows] = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
}

const ROWS = rowsBelow('### What happens when…').map(([what = '', , shown = '']) => [what, shown] as const);

it.each(ROWS)('what happens when %s is shown by tests that there are', (_, shown) => {
  for (const reference of shown.split('; ')) {
    const file = /^`(test\/\S+\.test\.ts)`/.exec(reference)?.[1] ?? expect.fail(`no file: ${reference}`);
    const titles = [...reference.matchAll(/\*([^*]+)\*/g)].map(([, title]) => title);
    expect(titles).not.toEqual([]);
    const source = readFileSync(join(ROOT, file), 'utf8');
    for (const title of titles) expect(source).toContain(title);
  }
});

it('the table of what happens has rows', () => expect(ROWS.length).toBeGreaterThan(15));
