import type { Files } from '../source/files.ts';
import { type Mistake, Mistakes } from '../source/mistakes.ts';
import { placeAt, readText, type SourceText } from '../source/text.ts';
import { readYaml, type YamlNode } from '../source/yaml.ts';
import { readPlay } from './play.ts';
import type { Play, Playbook } from './playbook.ts';
import { refuse, type Sheet } from './sheet.ts';
import { shown } from './values.ts';

/**
 * Reads a playbook: in complete form, or undefined after adding every mistake in it. `read` holds the files that were
 * read, for digests. Semantics: Ansible 2.14, less the deviations that the documentation lists.
 */
export function readPlaybook(
  path: string,
  files: Files,
  mistakes: Mistakes,
): { readonly playbook: Playbook | undefined; readonly read: readonly SourceText[] } {
  const source = readText(files, path, 'the playbook', mistakes);
  if (source === undefined) return { playbook: undefined, read: [] };
  const found = new Mistakes();
  const node = readYaml(source, found);
  const plays = node === undefined ? [] : readPlays(node, { source, mistakes: found });
  for (const { code, message, place } of inOrder(found.all)) mistakes.add(code, message, place);
  return { playbook: found.none ? { file: path, plays } : undefined, read: [source] };
}

/** From the top of the file to its end, as people fix them. */
function inOrder(found: readonly Mistake[]): readonly Mistake[] {
  const lineOf = ({ place }: Mistake) => place?.line ?? 0;
  const columnOf = ({ place }: Mistake) => place?.column ?? 0;
  return [...found].sort((a, b) => lineOf(a) - lineOf(b) || columnOf(a) - columnOf(b));
}

function readPlays(node: YamlNode, sheet: Sheet): readonly Play[] {
  if (node.kind !== 'list' || node.items.length === 0) {
    const message = `a playbook is a list of plays, each beginning with "- hosts: …", not ${shown(node)}`;
    refuse(sheet, 'not-a-playbook', message, placeOf(node, sheet));
    return [];
  }
  return node.items.flatMap((item, index) => {
    if (item.kind === 'map') return readPlay(item, index + 1, sheet) ?? [];
    refuse(sheet, 'not-a-play', `a play is a mapping with \`hosts:\` and \`tasks:\`, not ${shown(item)}`, item.place);
    return [];
  });
}

function placeOf(node: YamlNode, sheet: Sheet) {
  return node.kind === 'scalar' && node.value === null ? placeAt(sheet.source, 0) : node.place;
}
