import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ledgerFileOf, runLedger } from '../../src/commands/run-ledger.ts';
import { replay } from '../../src/journal/progress.ts';
import { closed, good } from '../ledger/entries.ts';
import { folderWith } from './terminal.ts';

it('notes once what a run notes again after a break, and all that is news', async () => {
  const file = ledgerFileOf(folderWith({}));
  const open = () =>
    runLedger(
      file,
      'sha256:0',
      (host) => `${host}:22`,
      () => replay([]),
    );
  const first = good('a', 120);
  await open().note('a', first);
  // The run goes on in another process, and knows only that the step had begun.
  await open().note('a', { ...first, at: '2026-11-21T12:34:56.000Z' });
  await open().note('b', good('b', 120));
  await open().note('a', good('a', 121));
  await open().note('a', closed('a'));
  await open().note('a', closed('a', 1));
  await open().note('a', good('a', 121));
  await open().note('a', good('a', 121, { run: 'another' }));
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  expect(
    lines.map((line) => JSON.parse(line)).map(({ host, state, run }) => `${host} ${state} ${run.slice(0, 7)}`),
  ).toEqual([
    'a good 2026112',
    'b good 2026112',
    'a good 2026112',
    'a closed 2026112',
    'a good 2026112',
    'a good another',
  ]);
});
