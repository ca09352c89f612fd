import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../journal/durable.ts';
import { journalLine } from '../journal/lines.ts';
import { readAround } from '../journal/read.ts';
import type { RunFolder } from '../journal/run-folder.ts';
import { stamp } from '../journal/stamp.ts';
import { realClock } from './real-clock.ts';

/**
 * Leaves out the lines of a journal that cannot be read; the journal as it was stays beside it. What was done next on
 * each host then counts as begun and not ended. Gives what was done, in words; undefined where every line can be read.
 */
export async function salvage({ path, journalFile }: RunFolder): Promise<string | undefined> {
  if (!existsSync(journalFile)) return undefined;
  const { events, broken } = readAround(readFileSync(journalFile));
  if (broken.length === 0) return undefined;
  const now = realClock.now();
  const kept = join(path, `journal-broken-${now.getTime()}.jsonl`);
  copyFileSync(journalFile, kept);
  const note = stamp({ type: 'journal_salvaged', lines: broken, kept }, now);
  await writeAtomically(journalFile, [...events, note].map(journalLine).join(''));
  return `left out of the journal: line ${broken.join(', ')}; ${events.length} events were kept, and the journal as it was is ${kept}`;
}
