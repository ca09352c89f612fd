import type { Value, ValueMap } from '../source/value.ts';
import { entryOf, plain, type YamlEntry, type YamlMap } from '../source/yaml.ts';
import { checkVariableName } from './names.ts';
import type { Task } from './playbook.ts';
import { refuse, type Sheet } from './sheet.ts';
import {
  checkTemplates,
  isNothing,
  itemsOf,
  type ReadValue,
  readBoolean,
  readConditions,
  readCount,
  readPlainTexts,
  readText,
  readTexts,
  readWholeSeconds,
  shown,
  templateOf,
} from './values.ts';

/** What a task has from its play and blocks unless it says otherwise. */
export type Inherited = Pick<
  Task,
  | 'when'
  | 'tags'
  | 'vars'
  | 'environment'
  | 'notify'
  | 'delegateTo'
  | 'ignoreErrors'
  | 'ignoreUnreachable'
  | 'anyErrorsFatal'
  | 'runOnce'
  | 'throttle'
  | 'timeout'
  | 'noLog'
  | 'checkMode'
  | 'become'
  | 'becomeUser'
  | 'becomeMethod'
>;

/** Half an hour. Ansible has no limit; a task that hangs at night must not hold its host until morning. Seconds. */
const TIMEOUT = 1800;

export const DEFAULTS: Inherited = {
  when: [],
  tags: [],
  vars: {},
  environment: [],
  notify: [],
  ignoreErrors: false,
  ignoreUnreachable: false,
  anyErrorsFatal: false,
  runOnce: false,
  timeout: TIMEOUT,
  noLog: false,
  become: false,
};

/** What holds inside `map`, a play, block or task, given what holds around it: as Ansible 2.14 has it, for each keyword. */
export function inherit(outer: Inherited, map: YamlMap, sheet: Sheet): Inherited {
  const read = <T>(key: string, reader: ReadValue<T>) => readKeyword(map, key, reader, sheet);
  return {
    ...outer,
    when: [...outer.when, ...(read('when', readConditions) ?? [])],
    tags: [...new Set([...outer.tags, ...(read('tags', readPlainTexts) ?? [])])],
    vars: { ...outer.vars, ...(read('vars', readVars) ?? {}) },
    environment: [...outer.environment, ...(read('environment', readEnvironment) ?? [])],
    notify: read('notify', readTexts) ?? outer.notify,
    ignoreErrors: read('ignore_errors', readBoolean) ?? outer.ignoreErrors,
    ignoreUnreachable: read('ignore_unreachable', readBoolean) ?? outer.ignoreUnreachable,
    anyErrorsFatal: read('any_errors_fatal', readBoolean) ?? outer.anyErrorsFatal,
    runOnce: read('run_once', readBoolean) ?? outer.runOnce,
    timeout: read('timeout', readWholeSeconds) ?? outer.timeout,
    noLog: read('no_log', readBoolean) ?? outer.noLog,
    become: read('become', readBoolean) ?? outer.become,
    ...given({
      delegateTo: read('delegate_to', readText),
      throttle: read('throttle', readCount),
      checkMode: read('check_mode', readBoolean),
      becomeUser: read('become_user', readText),
      becomeMethod: read('become_method', readText),
    }),
  };
}

/** The value of a keyword, if it is written. */
export function readKeyword<T>(map: YamlMap, key: string, reader: ReadValue<T>, sheet: Sheet): T | undefined {
  const entry = entryOf(map, key);
  return entry === undefined ? undefined : reader(entry, sheet);
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Only those that have a value. */
export function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

export const readVars: ReadValue<ValueMap> = ({ key, value: node }, sheet) => {
  if (isNothing(node)) return {};
  if (node.kind !== 'map')
    return refuse(sheet, 'not-a-mapping', `${key} wants a mapping of names to values, not ${shown(node)}`, node.place);
  for (const variable of node.entries) checkVariableName(variable.key, key, variable.keyPlace, sheet);
  checkTemplates(node, sheet);
  return Object.fromEntries(node.entries.map((entry) => [entry.key, plain(entry.value)]));
};

const readEnvironment: ReadValue<readonly Value[]> = (entry, sheet) =>
  isNothing(entry.value) ? [] : itemsOf(entry.value).flatMap((value) => readOneEnvironment({ ...entry, value }, sheet));

function readOneEnvironment({ key, value: node }: YamlEntry, sheet: Sheet): readonly Value[] {
  const template = templateOf(node, sheet);
  if (template !== undefined) return [template];
  if (node.kind !== 'map') {
    refuse(sheet, 'not-a-mapping', `${key} wants a mapping of names to values, not ${shown(node)}`, node.place);
    return [];
  }
  for (const variable of node.entries) checkEnvironmentName(variable, sheet);
  checkTemplates(node, sheet);
  return [plain(node)];
}

function checkEnvironmentName({ key, keyPlace }: YamlEntry, sheet: Sheet): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) || key.includes('{{')) return;
  refuse(sheet, 'not-an-environment-name', `environment: a shell cannot set a variable named "${key}"`, keyPlace);
}
