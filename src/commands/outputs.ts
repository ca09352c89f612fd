import { accessSync, constants, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { asHtml } from '../review/as-html.ts';
import { asMarkdown } from '../review/as-markdown.ts';
import { asText } from '../review/as-text.ts';
import type { Document } from '../review/document.ts';
import { documentOf, type Review } from '../review/review.ts';

const PRINTERS = { '.html': asHtml, '.md': asMarkdown, '.txt': asText } as const;

/** A review in the form that a file's name asks for; undefined where it asks for none of them. */
export function printedFor(file: string, review: Review): string | undefined {
  return printed(file, () => documentOf(review));
}

/** A document in that form. */
export function printed(file: string, document: () => Document): string | undefined {
  const print = Object.entries(PRINTERS).find(([extension]) => extension === extname(file).toLowerCase())?.[1];
  return print?.(document());
}

/** What the name of a document may end in. */
export const DOCUMENTS: readonly string[] = Object.keys(PRINTERS);

/** Why documents cannot be saved under these names: told before the work is done whose fruit they are. */
export function unwritable(names: readonly string[], endings: readonly string[], cwd: string): string | undefined {
  for (const name of names) {
    if (!endings.includes(extname(name).toLowerCase()))
      return `-o ${name}: its name must end in one of ${endings.join(', ')}`;
    const why = refusalOf(resolve(cwd, name));
    if (why !== undefined) return `-o ${name}: ${why}`;
  }
  return undefined;
}

function refusalOf(path: string): string | undefined {
  try {
    accessSync(`${dirname(path)}/`, constants.W_OK | constants.X_OK);
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? 'is a folder; name a file' : undefined;
  } catch (error) {
    return `cannot be written: ${(error as Error).message}`;
  }
}
