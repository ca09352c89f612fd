import { isTemplate, namesIn } from '../expressions/expressions.ts';
import { durationMs } from '../source/duration.ts';
import { didYouMean } from '../source/nearest.ts';
import type { Value, ValueMap } from '../source/value.ts';
import { entryOf, type YamlEntry, type YamlMap } from '../source/yaml.ts';
import type { Inherited } from './inherited.ts';
import type { Block, Task, Timed, Window } from './playbook.ts';
import { refuse, type Sheet } from './sheet.ts';
import { tasksIn } from './strategy.ts';
import { checkTemplates, type ReadValue, readPlainText, shown, templateOf } from './values.ts';

/** The part of a window that something stands in. */
export type WindowPart = 'block' | 'must_finish';

const KEYS = ['name', 'length', 'reserve', 'expected', 'guard'] as const;

/** `window: NAME`, or a mapping with the window's name and, where it has a deadline, its length, reserve and guard. */
export const readWindow: ReadValue<Window> = (entry, sheet) => {
  const { value: node } = entry;
  if (node.kind === 'list')
    return refuse(sheet, 'not-a-window', `window wants a name, not ${shown(node)}; write window: NAME`, node.place);
  if (node.kind === 'scalar') return named(entry, sheet);
  for (const { key, keyPlace } of node.entries)
    if (!KEYS.some((known) => known === key))
      refuse(
        sheet,
        'unsupported-keyword',
        `window: there is no "${key}"${didYouMean(key, KEYS)}; it has ${KEYS.join(', ')}`,
        keyPlace,
      );
  const name = entryOf(node, 'name');
  if (name === undefined)
    return refuse(sheet, 'not-a-window', 'window needs a name: write window: {name: NAME}', node.place);
  const window = named(name, sheet);
  const timed = readTimed(node, sheet);
  return window === undefined || timed === undefined ? window : { ...window, timed };
};

/** It names a file and a unit on the host. */
const HOST_NAME = /^[a-z0-9][a-z0-9-]{0,49}$/;

function readTimed(node: YamlMap, sheet: Sheet): Timed | undefined {
  const [length, reserve, expected, guard] = (['length', 'reserve', 'expected', 'guard'] as const).map((key) =>
    entryOf(node, key),
  );
  const lone = length === undefined ? (reserve ?? expected ?? guard) : undefined;
  if (lone !== undefined)
    return refuse(sheet, 'not-a-window', `window: ${lone.key} means nothing without a length`, lone.keyPlace);
  if (length === undefined) return undefined;
  const name = entryOf(node, 'name')?.value;
  if (name?.kind === 'scalar' && !HOST_NAME.test(String(name.value)))
    refuse(
      sheet,
      'not-a-window',
      'a window with a length has a file and a unit of its name on the host: name it with small letters, digits and -',
      name.place,
    );
  if (reserve === undefined || guard === undefined) {
    const wanted =
      reserve === undefined
        ? 'a reserve: what is kept of its length for must_finish'
        : 'a guard: what the host does by itself when nobody comes back, or `guard: {none: why}`';
    return refuse(sheet, 'not-a-window', `window: a window with a length needs ${wanted}`, length.keyPlace);
  }
  const texts = [length, reserve, ...(expected === undefined ? [] : [expected])].map((each) =>
    readDuration(each, sheet),
  );
  const read = readGuard(guard, sheet);
  const [lengthText, reserveText, expectedText] = texts;
  if (lengthText === undefined || reserveText === undefined || read === undefined) return undefined;
  return {
    length: lengthText,
    reserve: reserveText,
    ...(expectedText === undefined ? {} : { expected: expectedText }),
    guard: read,
  };
}

function readDuration({ key, value: node }: YamlEntry, sheet: Sheet): string | undefined {
  const template = templateOf(node, sheet);
  if (template !== undefined) return template;
  const written = node.kind === 'scalar' ? String(node.value) : '';
  if (durationMs(written) !== undefined) return written;
  return refuse(
    sheet,
    'not-a-duration',
    `window: ${key} wants a duration, such as 15m, 90s or 900, not ${shown(node)}`,
    node.place,
  );
}

function readGuard(entry: YamlEntry, sheet: Sheet): Timed['guard'] | undefined {
  const { value: node } = entry;
  const none = node.kind === 'map' ? entryOf(node, 'none') : undefined;
  if (node.kind === 'map' && none !== undefined && node.entries.length === 1) {
    const why = readPlainText(none, sheet);
    return why === undefined ? undefined : { none: why };
  }
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.value.trim() === '' || node.value === 'none')
    return refuse(
      sheet,
      'not-a-guard',
      'window: guard wants a command for the host, or `guard: {none: why}`',
      node.place,
    );
  checkTemplates(node, sheet);
  return { command: node.value };
}

function named(entry: YamlEntry, sheet: Sheet): Window | undefined {
  const name = readPlainText(entry, sheet);
  return name === undefined ? undefined : { name };
}

/** What would drop, hide or delay a part of a window, wherever in it it stands. */
const NOWHERE: Readonly<Record<string, string>> = {
  tags: '--tags or --skip-tags could run one half without the other; put the tags on the window itself',
  throttle: 'the host would wait for others in mid-window; bound the hosts with serial or forks',
  run_once: 'the other hosts would be left half way',
  delegate_to: 'the window is on this host, and what is done elsewhere is not protected by it',
  notify: 'the handler would run after the window has ended; do the work in the window',
  any_errors_fatal: 'nobody else may be stopped or stop this host in mid-window; put it on the play',
  check_mode: 'one half would be done and the other only simulated; put it on the window itself',
  window: 'it is inside another window already; one window is one stretch',
};

/** What would drop or hide what must be done. */
const NOT_IN_MUST_FINISH: Readonly<Record<string, string>> = {
  when: 'it could leave the second half out; what need not always be done belongs after the window',
  ignore_errors: 'it would hide that the second half failed',
  ignore_unreachable: 'it would hide that the second half was not done',
  rescue: 'it would hide that the second half failed',
};

/** Refuses what is written on a task or block inside a window and could split it. */
export function checkInWindow(map: YamlMap, task: Task | undefined, part: WindowPart, sheet: Sheet): void {
  const forbidden = part === 'must_finish' ? { ...NOWHERE, ...NOT_IN_MUST_FINISH } : NOWHERE;
  for (const entry of map.entries) {
    const why = Object.hasOwn(forbidden, entry.key) ? forbidden[entry.key] : undefined;
    if (why !== undefined && !isOff(entry)) refuseSplit(entry.key, part, why, entry, sheet);
  }
  if (task !== undefined) checkTask(map, task, part, sheet);
}

function checkTask(map: YamlMap, task: Task, part: WindowPart, sheet: Sheet): void {
  const steers = task.action === 'pause' || (task.action === 'meta' && !Object.values(task.params).includes('noop'));
  if (steers)
    refuse(
      sheet,
      'window-split',
      `${task.action} cannot stand inside a window: it would stop or delay what follows; put it before or after the window`,
      map.place,
    );
  if (part !== 'must_finish') return;
  const loop = entryOf(map, 'loop');
  if (loop !== undefined && (!Array.isArray(task.loop) || task.loop.length === 0))
    refuseSplit(
      'loop',
      part,
      'the list may turn out empty, and nothing would be done; write the items out',
      loop,
      sheet,
    );
  const judged = entryOf(map, 'failed_when');
  if (judged !== undefined && task.failedWhen?.includes(false))
    refuseSplit('failed_when', part, 'with false it would hide that the second half failed', judged, sheet);
}

/** `run_once: false` and its like take nothing away. A simulated or a real half is never harmless. */
function isOff({ key, value }: YamlEntry): boolean {
  return key !== 'check_mode' && value.kind === 'scalar' && (value.value === false || value.value === 0);
}

function refuseSplit(key: string, part: WindowPart, why: string, { keyPlace }: YamlEntry, sheet: Sheet): void {
  const where = part === 'block' ? 'inside a window' : 'in must_finish';
  refuse(sheet, 'window-split', `${key} cannot stand ${where}: ${why}`, keyPlace);
}

/** Refuses what a window has on itself, or from its play and outer blocks, and could split it. */
export function enterWindow(map: YamlMap, block: Block, inherited: Inherited, playVars: ValueMap, sheet: Sheet): void {
  for (const key of ['rescue', 'always']) {
    const entry = entryOf(map, key);
    if (entry !== undefined)
      refuse(
        sheet,
        'window-split',
        `${key} cannot stand beside window; what must run whatever happened goes into must_finish`,
        entry.keyPlace,
      );
  }
  for (const key of splittersOf(inherited, block.mustFinish.length > 0)) refuseEffective(map, key, sheet);
  if (block.window?.timed !== undefined && block.mustFinish.length === 0)
    refuse(
      sheet,
      'not-a-window',
      'a window with a length needs must_finish: what is done before it is over, whatever happened',
      map.place,
    );
  if (block.mustFinish.length > 0) checkWhen(map, block, inherited, playVars, sheet);
}

function splittersOf(inherited: Inherited, mustFinish: boolean): readonly string[] {
  const { throttle, runOnce, delegateTo, notify, checkMode, ignoreErrors, ignoreUnreachable } = inherited;
  const found: readonly (readonly [string, boolean])[] = [
    ['throttle', throttle !== undefined && throttle !== 0],
    ['run_once', runOnce !== false],
    ['delegate_to', delegateTo !== undefined],
    ['notify', notify.length > 0],
    ['check_mode', typeof checkMode === 'string'],
    ['ignore_errors', mustFinish && ignoreErrors !== false],
    ['ignore_unreachable', mustFinish && ignoreUnreachable !== false],
  ];
  return found.flatMap(([key, splits]) => (splits ? [key] : []));
}

function refuseEffective(map: YamlMap, key: string, sheet: Sheet): void {
  const own = entryOf(map, key);
  const why =
    key === 'check_mode'
      ? 'a template could come out differently in mid-window'
      : (NOWHERE[key] ?? NOT_IN_MUST_FINISH[key]);
  const from =
    own === undefined ? `${key} comes from the play or an outer block and cannot hold` : `${key} cannot stand`;
  const place = (own ?? entryOf(map, 'window'))?.keyPlace ?? map.place;
  refuse(sheet, 'window-split', `${from} on a window: ${why}`, place);
}

/**
 * A window's `when`, its own or from outer blocks, is asked again for each of its tasks. Where the window itself changes
 * what it depends on, the answer could turn to no before the second half.
 */
function checkWhen(map: YamlMap, block: Block, inherited: Inherited, playVars: ValueMap, sheet: Sheet): void {
  const vars = { ...playVars, ...inherited.vars };
  const conditions = inherited.when.filter((condition) => typeof condition === 'string');
  const needed = reachable(
    conditions.flatMap((text) => [...namesIn(text, 'expression')]),
    vars,
  );
  const changed = tasksIn(block).flatMap((task) => changedBy(task, inherited.vars));
  const place = (entryOf(map, 'when') ?? entryOf(map, 'window'))?.keyPlace ?? map.place;
  for (const name of new Set(changed.filter((each) => needed.has(each))))
    refuse(
      sheet,
      'window-split',
      `the window's when depends on "${name}", which is set inside the window: it could turn to no before must_finish; take another name inside`,
      place,
    );
}

/** Names, and the names in the templates of the variables they stand for. */
function reachable(names: readonly string[], vars: ValueMap): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    if (Object.hasOwn(vars, name)) waiting.push(...namesInValue(vars[name] ?? null));
  }
  return found;
}

function namesInValue(value: Value): readonly string[] {
  if (typeof value === 'string') return isTemplate(value) ? [...namesIn(value, 'template')] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namesInValue) : [];
}

function changedBy(task: Task, outer: ValueMap): readonly string[] {
  const facts = task.action === 'set_fact' ? Object.keys(task.params) : [];
  const vars = Object.keys(task.vars).filter((name) => task.vars[name] !== outer[name]);
  return [...(task.register === undefined ? [] : [task.register]), ...facts, ...vars];
}
