import type { ValueMap } from '../source/value.ts';
import { entryOf, type YamlEntry, type YamlMap, type YamlNode } from '../source/yaml.ts';
import { type Inherited, inherit, readKeyword } from './inherited.ts';
import { keywordsOf, refuseKey } from './keywords.ts';
import type { Block, Item } from './playbook.ts';
import { refuse, type Sheet } from './sheet.ts';
import { readName, readTask } from './task.ts';
import { isNothing, shown } from './values.ts';
import { checkInWindow, enterWindow, readWindow, type WindowPart } from './window.ts';

/** Where items stand: what holds there, and the window they are in, if any. */
export interface Around {
  readonly inherited: Inherited;
  readonly playVars: ValueMap;
  readonly window?: WindowPart;
}

const BLOCK_KEYS = ['block', 'rescue', 'always', 'window', 'must_finish'] as const;

/** The items of a section or of a part of a block. Nothing written is an empty list. */
export function readItems(entry: YamlEntry | undefined, id: string, around: Around, sheet: Sheet): readonly Item[] {
  return mappingsOf(entry, sheet).flatMap((map, index) => {
    const item = readItem(map, `${id}.${index + 1}`, around, sheet);
    return item === undefined ? [] : [item];
  });
}

/** The mappings in a list; everything else in it is refused. */
export function mappingsOf(entry: YamlEntry | undefined, sheet: Sheet): readonly YamlMap[] {
  if (entry === undefined || isNothing(entry.value)) return [];
  if (entry.value.kind === 'list') return entry.value.items.flatMap((item) => mappingOf(item, sheet));
  refuse(
    sheet,
    'not-a-list',
    `${entry.key} wants a list of tasks, each beginning with "- ", not ${shown(entry.value)}`,
    entry.value.place,
  );
  return [];
}

function mappingOf(node: YamlNode, sheet: Sheet): readonly YamlMap[] {
  if (node.kind === 'map') return [node];
  refuse(sheet, 'not-a-task', `a task is a mapping, such as "- command: uptime", not ${shown(node)}`, node.place);
  return [];
}

export function isBlock(map: YamlMap): boolean {
  return BLOCK_KEYS.some((key) => entryOf(map, key) !== undefined);
}

function readItem(map: YamlMap, id: string, around: Around, sheet: Sheet): Item | undefined {
  if (isBlock(map)) return readBlock(map, id, around, sheet);
  const task = readTask(map, 'task', id, around.inherited, sheet);
  if (around.window !== undefined) checkInWindow(map, task, around.window, sheet);
  return task;
}

function readBlock(map: YamlMap, id: string, around: Around, sheet: Sheet): Block {
  const keywords = keywordsOf('block');
  for (const entry of map.entries) if (!keywords.includes(entry.key)) refuseKey(entry, 'block', sheet);
  const inherited = inherit(around.inherited, map, sheet);
  const window = readKeyword(map, 'window', readWindow, sheet);
  checkShape(map, sheet);
  if (around.window !== undefined) checkInWindow(map, undefined, around.window, sheet);
  const part = (key: (typeof BLOCK_KEYS)[number]) => {
    const inside = window === undefined || key === 'window' ? around.window : partOf(key, around.window);
    return readItems(
      entryOf(map, key),
      `${id}.${key}`,
      { inherited, playVars: around.playVars, ...(inside === undefined ? {} : { window: inside }) },
      sheet,
    );
  };
  const block: Block = {
    kind: 'block',
    id,
    name: readKeyword(map, 'name', readName, sheet) ?? '',
    place: map.place,
    ...(window === undefined ? {} : { window }),
    block: part('block'),
    rescue: part('rescue'),
    always: part('always'),
    mustFinish: part('must_finish'),
  };
  if (window !== undefined) enterWindow(map, block, inherited, around.playVars, sheet);
  return block;
}

function partOf(key: string, outer: WindowPart | undefined): WindowPart {
  return key === 'must_finish' || outer === 'must_finish' ? 'must_finish' : 'block';
}

function checkShape(map: YamlMap, sheet: Sheet): void {
  const has = (key: string) => entryOf(map, key);
  if (has('block') === undefined)
    refuse(sheet, 'block-missing', 'rescue, always, window and must_finish want a `block:` beside them', map.place);
  const mustFinish = has('must_finish');
  if (mustFinish !== undefined && has('window') === undefined) {
    const message = 'must_finish belongs to a window; write `window: NAME` beside it, or `always:` instead';
    refuse(sheet, 'must-finish-without-window', message, mustFinish.keyPlace);
  }
}
