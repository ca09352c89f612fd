import { printable, printableInPlace } from '../report/printable.ts';
import { describeMistake, type Mistake, type Mistakes } from '../source/mistakes.ts';
import { MISTAKE } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** More are not mistakes in a file, but the wrong file. */
const MOST_SHOWN = 200;
/** Characters: what was written is part of a message, and may be anything. */
const LONGEST_LINE = 1000;

/** Shows every mistake, in the order of the files, and gives the exit code. */
export function reportMistakes(mistakes: Mistakes, terminal: Terminal): number {
  const sorted = inOrder(mistakes.all);
  for (const mistake of sorted.slice(0, MOST_SHOWN)) terminal.err(`${described(mistake)}\n`);
  const count = mistakes.all.length === 1 ? 'one mistake' : `${mistakes.all.length} mistakes`;
  const hidden = sorted.length > MOST_SHOWN ? `, of which the first ${MOST_SHOWN} are shown` : '';
  terminal.err(`${count}${hidden}; no host was touched\n`);
  return MISTAKE;
}

/** File by file, as they were first read; in each by its lines. */
function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  const files = [...new Set(mistakes.map(({ place }) => place?.file))];
  return mistakes.toSorted(
    ({ place: a }, { place: b }) =>
      files.indexOf(a?.file) - files.indexOf(b?.file) ||
      (a?.line ?? 0) - (b?.line ?? 0) ||
      (a?.column ?? 0) - (b?.column ?? 0),
  );
}

function described({ place, ...mistake }: Mistake): string {
  const shown = place?.excerpt === undefined ? place : { ...place, excerpt: printableInPlace(place.excerpt) };
  return describeMistake(shown === undefined ? mistake : { ...mistake, place: shown })
    .split('\n')
    .map(line)
    .join('\n');
}

function line(text: string): string {
  const whole = printable(text);
  return whole.length > LONGEST_LINE ? `${whole.slice(0, LONGEST_LINE - 1)}…` : whole;
}
