import { dirname, isAbsolute, join } from 'node:path';
import { refuseVariable } from '../expressions/refused-variables.ts';
import type { Files } from '../source/files.ts';
import { Mistakes, type Place } from '../source/mistakes.ts';
import { placeAt, readText, type SourceText } from '../source/text.ts';
import { isMap, type ValueMap } from '../source/value.ts';
import { plain, readYaml } from '../source/yaml.ts';

export interface VarsFileOptions {
  /** Where the path was written. */
  readonly askedBy?: Place;
  /** The file whose folder a relative path begins in; absent: the working folder. */
  readonly besides?: string;
  /** Gets the text that was read, for digests. */
  readonly read?: SourceText[];
}

/** The variables of a YAML or JSON file, which must be a mapping; none after adding a mistake. */
export function readVarsFile(path: string, files: Files, mistakes: Mistakes, options: VarsFileOptions = {}): ValueMap {
  const { askedBy, besides, read } = options;
  const full = besides === undefined || isAbsolute(path) ? path : join(dirname(besides), path);
  const source = readText(files, full, 'variable file', mistakes, askedBy);
  if (source === undefined) return {};
  read?.push(source);
  return readVarsText(source, mistakes);
}

/** As `readVarsFile`, but a file with nothing in it says nothing: files beside inventories are often kept empty. */
export function readVarsFileOrNothing(path: string, files: Files, mistakes: Mistakes, read: SourceText[]): ValueMap {
  const found = new Mistakes();
  const vars = readVarsFile(path, files, found, { read });
  for (const { code, message, place } of found.all) if (code !== 'file-empty') mistakes.add(code, message, place);
  return vars;
}

/** The variables in a text that is a YAML mapping; none after adding a mistake. */
export function readVarsText(source: SourceText, mistakes: Mistakes): ValueMap {
  if (source.text.startsWith('$ANSIBLE_VAULT;')) {
    mistakes.add(
      'vault',
      'files encrypted by ansible-vault are not supported; decrypt it with `ansible-vault decrypt`',
      placeAt(source, 0),
    );
    return {};
  }
  const node = readYaml(source, mistakes);
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return {};
  if (node.kind === 'map') for (const { key, keyPlace } of node.entries) refuseVariable(key, mistakes, keyPlace);
  const value = plain(node);
  if (isMap(value)) return value;
  mistakes.add('vars-shape', 'variables must be a mapping, such as "name: value"', node.place);
  return {};
}
