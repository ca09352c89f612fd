import { extname, join } from 'node:path';
import type { Files } from '../source/files.ts';
import type { Mistakes } from '../source/mistakes.ts';
import type { SourceText } from '../source/text.ts';
import type { ValueMap } from '../source/value.ts';
import type { BesideVars } from './complete.ts';
import { mergeVars } from './merge.ts';
import { readVarsFileOrNothing } from './vars-file.ts';

const EXTENSIONS = ['', '.yml', '.yaml', '.json'];

/** The `group_vars` and `host_vars` of a folder. Only files of groups and hosts that are asked for are read. */
export function varsBeside(folder: string, files: Files, mistakes: Mistakes, read: SourceText[]): BesideVars {
  const groups = varsIn(join(folder, 'group_vars'), files, mistakes, read);
  const hosts = varsIn(join(folder, 'host_vars'), files, mistakes, read);
  return {
    group: (name) => groups(name),
    host: (name) => hosts(name),
  };
}

function varsIn(folder: string, files: Files, mistakes: Mistakes, read: SourceText[]): (name: string) => ValueMap {
  const found = files.look(folder);
  if (found.kind === 'file' || found.kind === 'unreadable')
    mistakes.add('vars-folder', `${folder} must be a folder that can be read, with a file or folder for each name`);
  const present = new Set(found.kind === 'directory' ? found.names : []);
  const known = new Map<string, ValueMap>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const extension = EXTENSIONS.find((each) => present.has(name + each));
    const paths = extension === undefined ? [] : varsFilesAt(join(folder, name + extension), files);
    const vars = paths.map((path) =>
      withoutPriority(readVarsFileOrNothing(path, files, mistakes, read), path, mistakes),
    );
    const merged = mergeVars(vars);
    known.set(name, merged);
    return merged;
  };
}

/** Ansible reads the priority from inventories alone; here it would be without effect. */
function withoutPriority(vars: ValueMap, path: string, mistakes: Mistakes): ValueMap {
  if (!Object.hasOwn(vars, 'ansible_group_priority')) return vars;
  mistakes.add(
    'group-priority',
    `${path}: ansible_group_priority has no effect in variable files; set it in the inventory, under the group's vars`,
  );
  return vars;
}

/** The file itself, or the variable files below a folder, sorted. */
function varsFilesAt(path: string, files: Files): readonly string[] {
  const found = files.look(path);
  if (found.kind !== 'directory') return [path];
  const names = found.names.filter((name) => !name.startsWith('.') && !name.endsWith('~'));
  return [...names].sort().flatMap((name) => {
    const inside = join(path, name);
    const isFolder = files.look(inside).kind === 'directory';
    if (isFolder) return extname(name) === '' ? varsFilesAt(inside, files) : [];
    return EXTENSIONS.includes(extname(name)) ? [inside] : [];
  });
}
