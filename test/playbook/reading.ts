import type { Playbook } from '../../src/playbook/playbook.ts';
import { readPlaybook } from '../../src/playbook/read.ts';
import type { Files, Found } from '../../src/source/files.ts';
import { type Mistake, Mistakes } from '../../src/source/mistakes.ts';

/** Files of which there is one. */
export function oneFile(found: Found): Files {
  return { look: () => found };
}

/** What the loader makes of a text. */
export function reading(text: string | Uint8Array): {
  readonly playbook: Playbook | undefined;
  readonly mistakes: readonly Mistake[];
} {
  const mistakes = new Mistakes();
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const { playbook } = readPlaybook('site.yml', oneFile({ kind: 'file', bytes }), mistakes);
  return { playbook, mistakes: mistakes.all };
}

/** `[code, line, column]` of every mistake. */
export function codesOf(text: string): readonly (readonly [string, number?, number?])[] {
  return reading(text).mistakes.map(({ code, place }) => [code, place?.line, place?.column]);
}

/** The playbook of a text that must be right. */
export function good(text: string): Playbook {
  const { playbook, mistakes } = reading(text);
  if (playbook === undefined) throw new Error(mistakes.map(({ code, message }) => `${code}: ${message}`).join('\n'));
  return playbook;
}
