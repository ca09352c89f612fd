import { readExtraVars } from '../inventory/extra-vars.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { graph, hostAsJson, listAsJson } from '../inventory/list.ts';
import { limitHosts, selectHosts } from '../inventory/patterns.ts';
import { readInventory } from '../inventory/read.ts';
import type { Files } from '../source/files.ts';
import { Mistakes } from '../source/mistakes.ts';
import { didYouMean } from '../source/nearest.ts';
import { DONE, USAGE } from './exit-codes.ts';
import { reportMistakes } from './mistakes.ts';
import { realFiles } from './real-files.ts';
import type { Terminal } from './terminal.ts';

export interface InventoryOptions {
  readonly inventory: readonly string[];
  readonly extraVars: readonly string[];
  readonly list?: boolean;
  readonly host?: string;
  readonly hosts?: string;
  readonly graph?: boolean;
  readonly limit?: string;
}

/** Shows what the inventory comes to. */
export function inventory(options: InventoryOptions, terminal: Terminal): number {
  const asked = [
    options.list === true,
    options.host !== undefined,
    options.hosts !== undefined,
    options.graph === true,
  ];
  if (asked.filter(Boolean).length !== 1 || (options.limit !== undefined && options.hosts === undefined)) {
    terminal.err('say one of --list, --host NAME, --hosts PATTERN (with -l LIMIT), --graph\n');
    return USAGE;
  }
  const mistakes = new Mistakes();
  const files = realFiles(terminal.cwd);
  const found = readInventory(options.inventory, files, mistakes).inventory;
  readExtraVars(options.extraVars, files, mistakes);
  const text = mistakes.none ? answer(options, found, files, mistakes) : '';
  if (!mistakes.none) return reportMistakes(mistakes, terminal);
  terminal.out(`${text}\n`);
  return DONE;
}

function answer(options: InventoryOptions, found: Inventory, files: Files, mistakes: Mistakes): string {
  if (options.hosts !== undefined) return hostsOf(options.hosts, options.limit, found, files, mistakes).join('\n');
  if (options.host !== undefined) return describeHost(options.host, found, mistakes);
  return options.graph === true ? graph(found) : JSON.stringify(listAsJson(found), undefined, 4);
}

function describeHost(name: string, found: Inventory, mistakes: Mistakes): string {
  const vars = hostAsJson(found, name);
  if (vars === undefined)
    mistakes.add('host-unknown', `the inventory has no host "${name}"${didYouMean(name, found.hosts.keys())}`);
  return JSON.stringify(vars, undefined, 4);
}

function hostsOf(
  pattern: string,
  limit: string | undefined,
  found: Inventory,
  files: Files,
  mistakes: Mistakes,
): readonly string[] {
  const { hosts, problems } = selectHosts(pattern, found);
  for (const { code, message } of problems) mistakes.add(code, `--hosts: ${message}`);
  const left = limit === undefined ? hosts : limitHosts(limit, hosts, found, files, mistakes);
  if (mistakes.none && left.length === 0)
    mistakes.add(
      'no-hosts',
      `"${pattern}"${limit === undefined ? '' : ` with --limit "${limit}"`} names no host of the inventory`,
    );
  return left;
}
