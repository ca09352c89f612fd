import { extname, resolve } from 'node:path';
import { writeAtomically } from '../journal/durable.ts';
import { differences } from '../plan/differences.ts';
import { printable } from '../report/printable.ts';
import { asText } from '../review/as-text.ts';
import { documentOf } from '../review/review.ts';
import { describeMistake, Mistakes } from '../source/mistakes.ts';
import { readPlanFile, remade, type Saved, selectionOf } from './approved.ts';
import { DONE, MISTAKE, USAGE } from './exit-codes.ts';
import { DOCUMENTS, printedFor } from './outputs.ts';
import { reviewOf } from './reviewing.ts';
import type { Terminal } from './terminal.ts';

/** Shows a saved plan again, and warns of what has changed since; whether it may still be run is for `run` to say. */
export async function show(
  file: string,
  options: { readonly output: readonly string[] },
  terminal: Terminal,
): Promise<number> {
  const unknown = options.output.find((name) => !DOCUMENTS.includes(extname(name).toLowerCase()));
  if (unknown !== undefined) {
    terminal.err(`-o ${unknown}: its name must end in one of ${DOCUMENTS.join(', ')}\n`);
    return USAGE;
  }
  const saved = readPlanFile(file, terminal.cwd);
  if (!saved.ok) {
    terminal.err(`${file}: ${saved.reason}\n`);
    return MISTAKE;
  }
  const since = changesSince(saved, terminal.cwd);
  for (const each of since) terminal.err(`since the plan was made: ${printable(each)}\n`);
  const review = reviewOf(saved.plan, saved.made, since);
  for (const name of options.output) await writeAtomically(resolve(terminal.cwd, name), printedFor(name, review) ?? '');
  if (options.output.length === 0) terminal.out(asText(documentOf(review)));
  return DONE;
}

function changesSince(saved: Saved, folder: string): readonly string[] {
  const mistakes = new Mistakes();
  const now = remade(saved, selectionOf(saved, {}), undefined, folder, mistakes);
  if (now !== undefined) return differences(saved.plan, now.plan);
  return mistakes.all.map((mistake) => describeMistake(mistake).split('\n')[0] ?? '');
}
