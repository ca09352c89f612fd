import { entryOf, type YamlEntry, type YamlMap } from '../source/yaml.ts';
import { checkNotified, readHandlers } from './handlers.ts';
import { DEFAULTS, given, inherit, readKeyword } from './inherited.ts';
import { readItems } from './items.ts';
import { keywordsOf, refuseKey } from './keywords.ts';
import type { Play } from './playbook.ts';
import { refuse, type Sheet } from './sheet.ts';
import { checkOneHostOnly } from './strategy.ts';
import { readName } from './task.ts';
import {
  itemsOf,
  type ReadValue,
  readCount,
  readCountFromOne,
  readCountOrShare,
  readPercentage,
  readSerial,
  readText,
  shown,
  wordReader,
} from './values.ts';

/** A play in complete form; what is wrong in it has been added to the mistakes. */
export function readPlay(map: YamlMap, number: number, sheet: Sheet): Play | undefined {
  if (refuseImport(map, sheet)) return undefined;
  const keywords = keywordsOf('play');
  for (const entry of map.entries) if (!keywords.includes(entry.key)) refuseKey(entry, 'play', sheet);
  const read = <T>(key: string, reader: ReadValue<T>) => readKeyword(map, key, reader, sheet);
  read('gather_facts', readGatherFacts);
  const { vars, ...common } = inherit(DEFAULTS, map, sheet);
  const around = { inherited: { ...common, vars: {} }, playVars: vars };
  const hosts = readHosts(map, sheet) ?? '';
  const handlers = readHandlers(entryOf(map, 'handlers'), `${number}.handlers`, around.inherited, sheet);
  const section = (key: string) => readItems(entryOf(map, key), `${number}.${key}`, around, sheet);
  const play: Play = {
    name: read('name', readName) ?? hosts,
    number,
    place: map.place,
    hosts,
    serial: read('serial', readSerial) ?? [],
    order: read('order', readOrder) ?? 'inventory',
    strategy: read('strategy', readStrategy) ?? 'linear',
    ...given({
      maxFailPercentage: read('max_fail_percentage', readPercentage),
      maxFailures: read('max_failures', readCountOrShare),
      maxLost: read('max_lost', readCount),
      forks: read('forks', readCountFromOne),
      estimate: read('estimate', readText),
      pauseAfter: read('pause_after', readPauseAfter),
    }),
    vars,
    varsFiles: read('vars_files', readVarsFiles) ?? [],
    preTasks: section('pre_tasks'),
    tasks: section('tasks'),
    postTasks: section('post_tasks'),
    handlers,
  };
  checkNotified(map, handlers, sheet);
  checkOneHostOnly(play, sheet);
  return play;
}

function refuseImport(map: YamlMap, sheet: Sheet): boolean {
  const entry = map.entries.find(({ key }) => /^(ansible\.(builtin|legacy)\.)?(import_playbook|include)$/.test(key));
  if (entry === undefined) return false;
  refuse(
    sheet,
    'unsupported-keyword',
    `${entry.key} is not supported yet: write the plays into this file, or run one playbook after the other`,
    entry.keyPlace,
  );
  return true;
}

function readHosts(map: YamlMap, sheet: Sheet): string | undefined {
  const entry = entryOf(map, 'hosts');
  if (entry === undefined)
    return refuse(sheet, 'hosts-missing', 'a play needs `hosts:`, the pattern of the hosts it runs on', map.place);
  if (entry.value.kind === 'list' && entry.value.items.length === 0)
    return refuse(sheet, 'hosts-missing', 'hosts is an empty list; name hosts or groups', entry.value.place);
  return itemsOf(entry.value)
    .flatMap((value) => readHostPattern({ ...entry, value }, sheet) ?? [])
    .join(',');
}

const readHostPattern: ReadValue<string> = (entry, sheet) => {
  const { value: node } = entry;
  if (node.kind === 'scalar' && typeof node.value === 'string') return readText(entry, sheet);
  return refuse(sheet, 'not-text', `hosts wants a pattern or a list of them, not ${shown(node)}`, node.place);
};

const readOrder = wordReader(['inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle', 'ledger']);
const readKnownStrategy = wordReader(['linear', 'host_pinned']);

const readPauseAfter = wordReader(['batch']);

const readStrategy: ReadValue<'linear' | 'host_pinned'> = (entry, sheet) => {
  const { value: node } = entry;
  if (node.kind !== 'scalar' || node.value !== 'free') return readKnownStrategy(entry, sheet);
  const message = 'strategy free is not supported: write host_pinned, which takes each host to its end at its own pace';
  return refuse(sheet, 'unsupported-strategy', message, node.place);
};

/** rollgate gathers no facts; a playbook that expects some must not find out half way. */
const readGatherFacts: ReadValue<false> = ({ value: node }, sheet) => {
  if (node.kind === 'scalar' && (node.value === false || /^(no|false)$/i.test(String(node.value)))) return false;
  return refuse(
    sheet,
    'gather-facts',
    'rollgate gathers no facts: write gather_facts: false, and take what is needed from the action stat, ' +
      'from command with register, or from variables of the inventory',
    node.place,
  );
};

const readVarsFiles: ReadValue<Play['varsFiles']> = (entry, sheet) =>
  itemsOf(entry.value).flatMap((value) => readVarsFile({ ...entry, value }, sheet));

function readVarsFile(entry: YamlEntry, sheet: Sheet): Play['varsFiles'] {
  const { value: node } = entry;
  if (node.kind === 'list') {
    refuse(
      sheet,
      'unsupported-value',
      'a list of files of which the first that exists is taken is not supported; name one file',
      node.place,
    );
    return [];
  }
  const path = readText(entry, sheet);
  return path === undefined ? [] : [{ path, place: node.place }];
}
