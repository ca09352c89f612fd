import { extname } from 'node:path';
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
