import type { Action, SteeringAction } from '../actions/action.ts';
import { ACTIONS, findAction, refusedAction } from '../actions/registry.ts';
import { didYouMean } from '../source/nearest.ts';
import type { Value } from '../source/value.ts';
import { entryOf, plain, type YamlEntry, type YamlMap } from '../source/yaml.ts';
import { given, type Inherited, inherit, readKeyword } from './inherited.ts';
import { isKeyword, keywordsOf, type Level, refusedKeyword, refuseKey } from './keywords.ts';
import { checkVariableName } from './names.ts';
import { readParams } from './params.ts';
import type { Task } from './playbook.ts';
import { refuse, type Sheet } from './sheet.ts';
import {
  checkTemplates,
  isNothing,
  type ReadValue,
  readConditions,
  readCount,
  readPlainText,
  readPlainTexts,
  readSeconds,
  readText,
  shown,
  templateOf,
} from './values.ts';

/** Ansible's, where `until` or `retries` is written. */
const RETRIES = 3;
/** Ansible's. Seconds. */
const DELAY = 5;

/** A task in complete form; undefined where it has no action that is known. */
export function readTask(
  map: YamlMap,
  level: 'task' | 'handler',
  id: string,
  outer: Inherited,
  sheet: Sheet,
): Task | undefined {
  const action = findOnlyAction(map, level, sheet);
  const inherited = inherit(outer, map, sheet);
  const read = <T>(key: string, reader: ReadValue<T>) => readKeyword(map, key, reader, sheet);
  const until = read('until', readConditions);
  const retries = read('retries', readCount) ?? (until === undefined ? undefined : RETRIES);
  const own = {
    name: read('name', readName),
    until: until ?? [],
    delay: read('delay', readSeconds) ?? DELAY,
    listen: read('listen', readPlainTexts) ?? [],
    ...given({
      retries,
      loop: read('loop', readLoop),
      register: read('register', readRegister),
      failedWhen: read('failed_when', readConditions),
      changedWhen: read('changed_when', readConditions),
    }),
  };
  if (action === undefined) return undefined;
  const params = readParams(action.known, action.entry, entryOf(map, 'args'), sheet);
  const name = own.name ?? action.known.name;
  return { kind: 'task', id, place: map.place, action: action.known.name, params, ...inherited, ...own, name };
}

/** An empty name is none. */
export const readName: ReadValue<string> = (entry, sheet) =>
  isNothing(entry.value) ? undefined : readText(entry, sheet);

const readRegister: ReadValue<string> = (entry, sheet) => {
  const name = readPlainText(entry, sheet);
  if (name !== undefined) checkVariableName(name, 'register', entry.value.place, sheet);
  return name;
};

const readLoop: ReadValue<Value> = ({ value: node }, sheet) => {
  checkTemplates(node, sheet);
  if (node.kind === 'list') return plain(node);
  const template = templateOf(node, sheet);
  if (template !== undefined) return template;
  const how = node.kind === 'map' ? '; for a mapping write "{{ … | dict2items }}"' : '';
  return refuse(
    sheet,
    'not-a-list',
    `loop wants a list or a template that gives one, not ${shown(node)}${how}`,
    node.place,
  );
};

interface Found {
  readonly entry: YamlEntry;
  readonly known: Action | SteeringAction;
}

/** The one action of a task. Every key that is neither keyword nor action is refused here. */
function findOnlyAction(map: YamlMap, level: Level, sheet: Sheet): Found | undefined {
  const keywords = keywordsOf(level);
  const others = map.entries.filter(({ key }) => !keywords.includes(key));
  const found = others.flatMap((entry): readonly Found[] => {
    const known = findAction(entry.key);
    return known === undefined ? [] : [{ entry, known }];
  });
  const unknown = others.filter(({ key }) => findAction(key) === undefined);
  for (const entry of unknown) refuseNoAction(entry, level, found.length > 0, sheet);
  const [first, second] = found;
  if (first === undefined && !unknown.some(({ key }) => mayMeanAnAction(key)))
    refuse(sheet, 'no-action', `this ${level} has no action; say what it does, such as \`command: uptime\``, map.place);
  if (first !== undefined && second !== undefined) {
    const message = `two actions in one task, "${first.entry.key}" and "${second.entry.key}"; make two tasks of them`;
    refuse(sheet, 'two-actions', message, second.entry.keyPlace);
  }
  return first;
}

function mayMeanAnAction(key: string): boolean {
  return !isKeyword(key) && (refusedKeyword(key) === undefined || key === 'action' || key === 'local_action');
}

function refuseNoAction(entry: YamlEntry, level: Level, hasAction: boolean, sheet: Sheet): void {
  const { key, keyPlace } = entry;
  const refused = refusedKeyword(key) === undefined && !isKeyword(key) ? refusedAction(key) : undefined;
  if (refused !== undefined) {
    refuse(sheet, 'unsupported-action', refused, keyPlace);
  } else if (hasAction || isKeyword(key) || refusedKeyword(key) !== undefined) {
    refuseKey(entry, level, sheet);
  } else {
    const near = didYouMean(key, [...ACTIONS.keys(), ...keywordsOf(level)]);
    refuse(sheet, 'unknown-action', `"${key}" is neither an action nor a keyword of a ${level}${near}`, keyPlace);
  }
}
