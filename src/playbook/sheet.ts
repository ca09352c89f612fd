import type { Flaw } from '../expressions/scope.ts';
import type { Mistakes, Place } from '../source/mistakes.ts';
import { placeAt, type SourceText } from '../source/text.ts';
import type { YamlScalar } from '../source/yaml.ts';

/** The file that is being read, and where its mistakes go. */
export interface Sheet {
  readonly source: SourceText;
  readonly mistakes: Mistakes;
}

/** Adds a mistake; gives undefined, for readers that end with it. */
export function refuse(sheet: Sheet, code: string, message: string, place: Place): undefined {
  sheet.mistakes.add(code, message, place);
  return undefined;
}

/** Adds the flaws of a template or expression, each at its own character as far as that can be told. */
export function refuseFlaws(sheet: Sheet, flaws: readonly Flaw[], node: YamlScalar): void {
  for (const { code, message, offset } of flaws)
    sheet.mistakes.add(code, message, placeInside(sheet.source, node, offset) ?? node.place);
}

function placeInside(source: SourceText, node: YamlScalar, offset: number): Place | undefined {
  if (node.verbatimFrom !== undefined) return placeAt(source, node.verbatimFrom + offset);
  return typeof node.value === 'string' ? placeInBlock(source, node.place, node.value, offset) : undefined;
}

/** In a block scalar (`|`) each line of the value is a line of the file, indented. */
function placeInBlock(source: SourceText, header: Place, value: string, offset: number): Place | undefined {
  const before = value.slice(0, offset).split('\n');
  const written = source.text.split('\n')[header.line + before.length - 1]?.replace(/\r$/, '');
  const line = value.split('\n')[before.length - 1];
  if (written === undefined || line === undefined || written.trimStart() !== line.trimStart()) return undefined;
  const column = written.length - line.length + (before.at(-1)?.length ?? 0) + 1;
  return { file: source.file, line: header.line + before.length, column, excerpt: written };
}
