import { printable } from '../report/printable.ts';
import { describeMistake, type Mistakes } from '../source/mistakes.ts';
import { MISTAKE } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** More are not mistakes in a file, but the wrong file. */
const MOST_SHOWN = 200;
/** Characters: what was written is part of a message, and may be anything. */
const LONGEST_LINE = 1000;

/** Shows every mistake, in the order of the files, and gives the exit code. */
export function reportMistakes(mistakes: Mistakes, terminal: Terminal): number {
  const sorted = mistakes.all.toSorted((a, b) =>
    a.place?.file === b.place?.file ? (a.place?.line ?? 0) - (b.place?.line ?? 0) : 0,
  );
  const shown = sorted.slice(0, MOST_SHOWN);
  for (const mistake of shown) terminal.err(`${describeMistake(mistake).split('\n').map(line).join('\n')}\n`);
  const count = mistakes.all.length === 1 ? 'one mistake' : `${mistakes.all.length} mistakes`;
  const hidden = sorted.length > MOST_SHOWN ? `, of which the first ${MOST_SHOWN} are shown` : '';
  terminal.err(`${count}${hidden}; no host was touched\n`);
  return MISTAKE;
}

function line(text: string): string {
  const whole = printable(text);
  return whole.length > LONGEST_LINE ? `${whole.slice(0, LONGEST_LINE - 1)}…` : whole;
}
