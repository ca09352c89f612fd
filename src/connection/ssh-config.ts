import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Line } from 'ssh-config';
import SSHConfig from 'ssh-config';
import type { Place, Problem } from './options.ts';
import { matchesPatterns } from './pattern.ts';

/** One `Keyword value` that applies to a host, and where it was written. */
export interface Setting {
  /** In lower case. */
  readonly key: string;
  readonly words: readonly string[];
  readonly place?: Place;
}

/** A directive with the conditions of all sections around it. */
interface Conditional extends Setting {
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly kind: 'host' | 'match';
  readonly words: readonly string[];
}

/** A read ssh_config, Include followed. */
export interface SshConfig {
  readonly directives: readonly Conditional[];
  readonly problems: readonly Problem[];
}

export interface Asked {
  /** As given on the command line or in the inventory. */
  readonly original: string;
  /** What is known of the user so far; ssh_config itself may set it. */
  readonly user: string | undefined;
  readonly localUser: string;
}

const DEEPEST = 16;

/** Reads a config file with what it includes. `home` is for `~` and relative includes. A missing file is empty. */
export function readSshConfig(file: string, home: string): SshConfig {
  const directives: Conditional[] = [];
  const problems: Problem[] = [];
  const base = file.startsWith('/etc/ssh/') ? '/etc/ssh' : join(home, '.ssh');
  const reader: Reader = { home, base, directives, problems };
  readInto(reader, file, [], 0);
  return { directives, problems };
}

interface Reader {
  readonly home: string;
  readonly base: string;
  readonly directives: Conditional[];
  readonly problems: Problem[];
}

function readInto(reader: Reader, file: string, conditions: readonly Condition[], depth: number): void {
  // A file that includes itself twice would otherwise be read 2^16 times.
  if (reader.problems.some(({ code }) => code === 'ssh-config-include')) return;
  if (depth > DEEPEST) {
    reader.problems.push({
      code: 'ssh-config-include',
      message: `${file}: Include goes deeper than ${DEEPEST} files; does a file include itself?`,
    });
    return;
  }
  const text = read(reader, file);
  if (text === undefined) return;
  try {
    walk(reader, SSHConfig.parse(text), { file, texts: text.split('\n'), line: 1, depth }, conditions);
  } catch (error) {
    reader.problems.push({
      code: 'ssh-config-syntax',
      message: `${file}: cannot be read as ssh_config: ${says(error)}`,
    });
  }
}

function read(reader: Reader, file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    reader.problems.push({ code: 'ssh-config-unreadable', message: `${file}: cannot be read: ${says(error)}` });
    return undefined;
  }
}

interface Cursor {
  readonly file: string;
  readonly texts: readonly string[];
  line: number;
  readonly depth: number;
}

function walk(reader: Reader, lines: readonly Line[], at: Cursor, conditions: readonly Condition[]): void {
  for (const line of lines) {
    at.line += newlines(line.before);
    const place = placeOf(at);
    at.line += newlines(line.after);
    if (!('param' in line)) continue;
    const setting: Setting = { key: line.param.toLowerCase(), words: wordsOf(line.value), place };
    if ('config' in line) walk(reader, line.config, at, [...conditions, condition(reader, setting)]);
    else if (setting.key === 'include') include(reader, setting.words, at, conditions);
    else reader.directives.push({ ...setting, conditions });
  }
}

function condition(reader: Reader, setting: Setting): Condition {
  if (setting.key === 'host') return { kind: 'host', words: setting.words };
  const refused = criteria(setting.words).find(({ name }) => !MATCHED.has(name));
  if (refused !== undefined) {
    reader.problems.push({
      code: 'ssh-config-match',
      message: `Match ${refused.name} is not supported; write Match with host, originalhost, user, localuser or all, or a Host section`,
      ...(setting.place === undefined ? {} : { place: setting.place }),
    });
  }
  return { kind: 'match', words: setting.words };
}

const MATCHED = new Set(['all', 'host', 'originalhost', 'user', 'localuser', 'final', 'canonical']);

function include(reader: Reader, words: readonly string[], at: Cursor, conditions: readonly Condition[]): void {
  for (const word of words) {
    const path = word.startsWith('~/') ? join(reader.home, word.slice(2)) : word;
    for (const file of filesLike(isAbsolute(path) ? path : join(reader.base, path))) {
      readInto(reader, file, conditions, at.depth + 1);
    }
  }
}

/** Files that a path with wildcards names, sorted; a folder on the way may be wild too. */
function filesLike(path: string): readonly string[] {
  if (!/[*?]/.test(path)) return isFile(path) ? [path] : [];
  const folders = /[*?]/.test(dirname(path)) ? foldersLike(dirname(path)) : [dirname(path)];
  return folders.flatMap((folder) => namesLike(folder, basename(path))).filter(isFile);
}

function foldersLike(path: string): readonly string[] {
  if (!/[*?]/.test(path)) return [path];
  return foldersLike(dirname(path)).flatMap((folder) => namesLike(folder, basename(path)));
}

function namesLike(folder: string, pattern: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => !name.startsWith('.') || pattern.startsWith('.'));
    return names
      .filter((name) => matchesPatterns([pattern], name))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** What applies to a host, first value first: as in OpenSSH, the first value of a keyword wins. */
export function settingsFor(configs: readonly SshConfig[], asked: Asked): readonly Setting[] {
  const found: Setting[] = [];
  for (const directive of configs.flatMap((config) => config.directives)) {
    if (directive.conditions.every((each) => holds(each, asked, found))) found.push(directive);
  }
  return found;
}

function holds(condition: Condition, asked: Asked, found: readonly Setting[]): boolean {
  if (condition.kind === 'host') return matchesPatterns(condition.words, asked.original);
  const host = first(found, 'hostname')?.replaceAll('%h', asked.original) ?? asked.original;
  const user = asked.user ?? first(found, 'user') ?? asked.localUser;
  const subjects: Readonly<Record<string, string>> = {
    host,
    originalhost: asked.original,
    user,
    localuser: asked.localUser,
  };
  return criteria(condition.words).every(({ name, negated, value }) => {
    if (name === 'all') return !negated;
    const subject = subjects[name];
    return subject !== undefined && matchesPatterns((value ?? '').split(','), subject) !== negated;
  });
}

function first(found: readonly Setting[], key: string): string | undefined {
  return found.find((setting) => setting.key === key)?.words[0];
}

/** `Match` takes pairs, but for `all`, `final` and `canonical`, which stand alone. */
function criteria(words: readonly string[]): readonly { name: string; negated: boolean; value?: string }[] {
  const found: { name: string; negated: boolean; value?: string }[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = (words[at] ?? '').toLowerCase();
    const name = word.replace(/^!/, '');
    const alone = name === 'all' || name === 'final' || name === 'canonical';
    const value = alone ? undefined : words[++at];
    found.push({ name, negated: word !== name, ...(value === undefined ? {} : { value }) });
  }
  return found;
}

function wordsOf(value: string | readonly { readonly val: string }[]): readonly string[] {
  return typeof value === 'string' ? [value] : value.map((word) => word.val);
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}

function placeOf({ file, line, texts }: Cursor): Place {
  const excerpt = texts[line - 1] ?? '';
  return { file, line, column: 1 + excerpt.length - excerpt.trimStart().length, excerpt };
}

function says(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
