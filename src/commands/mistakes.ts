import { printable } from '../report/printable.ts';
import { describeMistake, type Mistakes } from '../source/mistakes.ts';
import { MISTAKE } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Shows every mistake, in the order of the files, and gives the exit code. */
export function reportMistakes(mistakes: Mistakes, terminal: Terminal): number {
  const sorted = mistakes.all.toSorted((a, b) =>
    a.place?.file === b.place?.file ? (a.place?.line ?? 0) - (b.place?.line ?? 0) : 0,
  );
  for (const mistake of sorted) terminal.err(`${describeMistake(mistake).split('\n').map(printable).join('\n')}\n`);
  terminal.err(
    `${mistakes.all.length === 1 ? 'one mistake' : `${mistakes.all.length} mistakes`}; no host was touched\n`,
  );
  return MISTAKE;
}
