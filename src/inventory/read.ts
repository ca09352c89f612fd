import { dirname, extname, join } from 'node:path';
import type { Files } from '../source/files.ts';
import type { Mistakes } from '../source/mistakes.ts';
import { placeAt, readText, type SourceText } from '../source/text.ts';
import { varsBeside } from './beside.ts';
import { complete } from './complete.ts';
import { Draft } from './draft.ts';
import { readHostPattern } from './host-pattern.ts';
import { readIni } from './ini.ts';
import type { Inventory } from './inventory.ts';
import { readYamlInventory } from './yaml.ts';

/** What Ansible leaves out when a folder is an inventory. */
const IGNORED =
  /^\.|^host_vars$|^group_vars$|^vars_plugins$|(?:\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.ini|\.cfg|\.retry)$/;

/**
 * Reads inventory sources in order, each adding to the earlier ones: a file, a folder of files, or a list of hosts
 * with a comma in it (`host1,host2` or `host1,`). `read` holds every file that was read.
 */
export function readInventory(
  sources: readonly string[],
  files: Files,
  mistakes: Mistakes,
): { readonly inventory: Inventory; readonly read: readonly SourceText[] } {
  const before = mistakes.all.length;
  const reading = new Reading(files, mistakes);
  for (const source of sources) reading.source(source);
  const folders = sources.flatMap((source) => folderOf(source, files));
  const beside = new Map(folders.map((folder) => [folder, varsBeside(folder, files, mistakes, reading.read)]));
  const inventory = complete(
    reading.draft,
    folders.flatMap((folder) => beside.get(folder) ?? []),
  );
  if (mistakes.all.length === before && inventory.hosts.size === 0)
    mistakes.add('inventory-empty', noHosts(sources, reading.ignored));
  return { inventory, read: reading.read };
}

function noHosts(sources: readonly string[], ignored: readonly string[]): string {
  if (sources.length === 0) return 'no inventory was given; name one with -i';
  const skipped = ignored.length === 0 ? '' : ` (by their names these were not read: ${ignored.join(', ')})`;
  return `the inventory ${sources.join(', ')} names no host${skipped}; write one host a line`;
}

/** Where group_vars and host_vars of a source are looked for. */
function folderOf(source: string, files: Files): readonly string[] {
  const { kind } = files.look(source);
  if (kind === 'directory') return [source];
  return kind === 'file' ? [dirname(source)] : [];
}

class Reading {
  readonly read: SourceText[] = [];
  readonly ignored: string[] = [];
  readonly draft: Draft;
  readonly #files: Files;
  readonly #mistakes: Mistakes;

  constructor(files: Files, mistakes: Mistakes) {
    this.#files = files;
    this.#mistakes = mistakes;
    this.draft = new Draft(mistakes);
  }

  source(path: string): void {
    const found = this.#files.look(path);
    if (found.kind === 'directory') this.#folder(path, found.names);
    else if (found.kind === 'absent' && path.includes(',')) this.#list(path);
    else if (found.kind === 'absent') this.#absent(path);
    else this.#file(path);
  }

  #folder(path: string, names: readonly string[]): void {
    for (const name of [...names].sort()) {
      if (!IGNORED.test(name)) this.source(join(path, name));
      else if (name.endsWith('.ini')) this.ignored.push(join(path, name));
    }
  }

  #list(text: string): void {
    for (const name of text.split(',').map((each) => each.trim())) {
      if (name === '') continue;
      const host = readHostPattern(name);
      if (!host.ok) this.#mistakes.add(host.code, `-i "${text}": ${host.message}`);
      else for (const each of host.names) this.#listed(each, host.port);
    }
  }

  /** A list only names hosts: those that other sources know stay in their groups. */
  #listed(name: string, port: number | undefined): void {
    if (!this.draft.hosts.has(name)) this.draft.addHost(name, this.draft.ungrouped, port);
  }

  #absent(path: string): void {
    this.#mistakes.add(
      'file-absent',
      `inventory ${path} does not exist; name a file or a folder, or list hosts with a comma: -i "${path},"`,
    );
  }

  #file(path: string): void {
    const source = readText(this.#files, path, 'inventory', this.#mistakes);
    if (source === undefined) return;
    this.read.push(source);
    const unsupported = whyUnsupported(source);
    if (unsupported !== undefined) this.#mistakes.add('inventory-format', unsupported, placeAt(source, 0));
    else if (isYaml(source)) readYamlInventory(source, this.draft, this.#mistakes);
    else readIni(source, this.draft, this.#mistakes);
  }
}

function whyUnsupported({ file, text }: SourceText): string | undefined {
  if (text.startsWith('#!'))
    return 'inventory scripts are not run; save what `ansible-inventory -i SCRIPT --list --yaml` prints and give that';
  if (text.startsWith('$ANSIBLE_VAULT;'))
    return 'files encrypted by ansible-vault are not supported; decrypt it with `ansible-vault decrypt`';
  if (extname(file) === '.toml') return 'TOML inventories are not supported; write YAML or INI';
  return undefined;
}

/** By the extension where it says; else by the first line that is not a comment: `---`, `{` or `group:`. */
function isYaml({ file, text }: SourceText): boolean {
  if (['.yml', '.yaml', '.json'].includes(extname(file))) return true;
  if (extname(file) === '.ini') return false;
  const first = text.split('\n').find((line) => !/^\s*([#;].*)?$/.test(line)) ?? '';
  return /^(---|%YAML|\{|["']?[^\s[\]=:]+["']?:(\s|$))/.test(first);
}
