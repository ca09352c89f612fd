import { isTemplate } from '../expressions/expressions.ts';
import { didYouMean } from '../source/nearest.ts';
import { entryOf, type YamlEntry, type YamlMap, type YamlNode } from '../source/yaml.ts';
import type { Inherited } from './inherited.ts';
import { isBlock, mappingsOf } from './items.ts';
import type { Task } from './playbook.ts';
import { refuse, type Sheet } from './sheet.ts';
import { readTask } from './task.ts';
import { itemsOf } from './values.ts';

/** The handlers of a play, each of which can be notified by a name of its own. */
export function readHandlers(
  entry: YamlEntry | undefined,
  id: string,
  inherited: Inherited,
  sheet: Sheet,
): readonly Task[] {
  const maps = mappingsOf(entry, sheet);
  checkNames(maps, sheet);
  return maps.flatMap((map, index) => readHandler(map, `${id}.${index + 1}`, inherited, sheet) ?? []);
}

/** Ansible silently takes the last of two handlers with one name. */
function checkNames(maps: readonly YamlMap[], sheet: Sheet): void {
  const lines = new Map<string, number>();
  for (const name of maps.flatMap((map) => entryOf(map, 'name')?.value ?? [])) {
    if (name.kind !== 'scalar' || name.value === null) continue;
    const text = String(name.value);
    const earlier = lines.get(text);
    if (earlier !== undefined)
      refuse(sheet, 'handler-twice', `a handler named "${text}" stands in line ${earlier} already`, name.place);
    lines.set(text, earlier ?? name.place.line);
  }
}

function readHandler(map: YamlMap, id: string, inherited: Inherited, sheet: Sheet): Task | undefined {
  if (isBlock(map))
    return refuse(
      sheet,
      'handler-block',
      'a handler cannot be a block; make its tasks handlers that listen to one name',
      map.place,
    );
  const task = readTask(map, 'handler', id, inherited, sheet);
  const name = entryOf(map, 'name');
  if (name === undefined && entryOf(map, 'listen') === undefined)
    refuse(
      sheet,
      'handler-without-name',
      'a handler without name and listen can never be notified; name it',
      map.place,
    );
  if (name?.value.kind === 'scalar' && typeof name.value.value === 'string' && isTemplate(name.value.value))
    refuse(
      sheet,
      'template-not-allowed',
      'the name of a handler cannot be a template; notify it by a plain name',
      name.value.place,
    );
  if (task?.action === 'meta' && Object.values(task.params).includes('flush_handlers'))
    refuse(sheet, 'handler-flushes', 'a handler cannot flush handlers', map.place);
  return task;
}

/** Refuses every `notify` under `node` that no handler answers to. */
export function checkNotified(node: YamlNode, handlers: readonly Task[], sheet: Sheet): void {
  const names = handlers.flatMap(({ name, listen }) => [name, ...listen]);
  for (const entry of notifiesIn(node)) {
    for (const item of itemsOf(entry.value)) {
      if (item.kind !== 'scalar' || typeof item.value !== 'string') continue;
      if (isTemplate(item.value) || names.includes(item.value)) continue;
      const near = didYouMean(item.value, names);
      refuse(
        sheet,
        'unknown-handler',
        `notify: no handler of this play is named "${item.value}" or listens to it${near}`,
        item.place,
      );
    }
  }
}

const SECTIONS: readonly string[] = [
  'pre_tasks',
  'tasks',
  'post_tasks',
  'handlers',
  'block',
  'rescue',
  'always',
  'must_finish',
];

function notifiesIn(node: YamlNode): readonly YamlEntry[] {
  if (node.kind === 'list') return node.items.flatMap(notifiesIn);
  if (node.kind === 'scalar') return [];
  return node.entries.flatMap((entry) => {
    if (entry.key === 'notify') return [entry];
    return SECTIONS.includes(entry.key) && entry.value.kind === 'list' ? notifiesIn(entry.value) : [];
  });
}
