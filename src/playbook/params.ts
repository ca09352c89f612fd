import * as z from 'zod';
import type { Action, SteeringAction } from '../actions/action.ts';
import { COMMAND_KEYS } from '../actions/command.ts';
import { splitFreeForm } from '../actions/free-form.ts';
import { isTemplate } from '../expressions/expressions.ts';
import type { Place } from '../source/mistakes.ts';
import type { ValueMap } from '../source/value.ts';
import { entryOf, plain, type YamlEntry, type YamlMap, type YamlNode } from '../source/yaml.ts';
import { checkVariableName } from './names.ts';
import { refuse, type Sheet } from './sheet.ts';
import { checkTemplates, isNothing, readConditions, shown } from './values.ts';

/** Taken out of every free form text, as Ansible does; an action that has no use for one refuses it. */
const FREE_FORM_KEYS = [...COMMAND_KEYS, 'warn'];

export type Known = Action | SteeringAction;

/** The parameters of a task as they were written, free form put in its place, checked as far as templates allow. */
export function readParams(action: Known, entry: YamlEntry, args: YamlEntry | undefined, sheet: Sheet): ValueMap {
  const before = sheet.mistakes.all.length;
  const own = ownParams(action, entry, sheet);
  const all = [...own, ...argsBeside(own, args, sheet)];
  if (sheet.mistakes.all.length > before) return {};
  checkExpressions(action, all, sheet);
  if (action.name === 'set_fact')
    for (const { key, keyPlace } of all) checkVariableName(key, 'set_fact', keyPlace, sheet);
  if (sheet.mistakes.all.length === before) checkSchema(action, all, entry, sheet);
  return Object.fromEntries(all.map(({ key, value }) => [key, plain(value)]));
}

function ownParams(action: Known, entry: YamlEntry, sheet: Sheet): readonly YamlEntry[] {
  const { value: node } = entry;
  if (isNothing(node)) return [];
  if (node.kind === 'map') return checked(node, sheet);
  if (node.kind === 'scalar' && typeof node.value === 'string') return freeForm(action, entry, node.value, sheet);
  refuse(
    sheet,
    'not-parameters',
    `${entry.key} wants its parameters as a mapping${action.freeForm === undefined ? '' : ' or as text'}, not ${shown(node)}`,
    node.place,
  );
  return [];
}

function checked(map: YamlMap, sheet: Sheet): readonly YamlEntry[] {
  checkTemplates(map, sheet);
  return map.entries;
}

function freeForm(action: Known, { key, value: node }: YamlEntry, text: string, sheet: Sheet): readonly YamlEntry[] {
  const split = splitFreeForm(text, action.freeForm === undefined ? undefined : FREE_FORM_KEYS);
  if (!split.ok) {
    refuse(sheet, 'free-form', `${key}: ${split.message}`, node.place);
    return [];
  }
  if (split.text !== '' && action.freeForm === undefined) {
    const message = `${key} takes key=value words or a mapping, and "${split.text.slice(0, 60)}" is neither`;
    refuse(sheet, 'free-form', message, node.place);
    return [];
  }
  if (node.kind === 'scalar') checkTemplates(node, sheet);
  const words = split.text === '' ? {} : { [action.freeForm ?? '']: split.text };
  return Object.entries({ ...split.params, ...words }).map(([name, value]) => ({
    key: name,
    keyPlace: node.place,
    value: { kind: 'scalar', value, place: node.place },
  }));
}

/** JSON Schema of an action's parameters as they are written. */
export function paramsSchema(action: Known): { readonly properties?: object; readonly description?: string } {
  return z.toJSONSchema(action.params, { io: 'input', unrepresentable: 'any' });
}

function argsBeside(own: readonly YamlEntry[], args: YamlEntry | undefined, sheet: Sheet): readonly YamlEntry[] {
  if (args === undefined || isNothing(args.value)) return [];
  if (args.value.kind !== 'map') {
    refuse(sheet, 'not-a-mapping', `args wants a mapping, not ${shown(args.value)}`, args.value.place);
    return [];
  }
  const twice = args.value.entries.filter(({ key }) => own.some((other) => other.key === key));
  for (const { key, keyPlace } of twice)
    refuse(sheet, 'parameter-twice', `"${key}" stands both in the action and in args`, keyPlace);
  return checked(args.value, sheet);
}

/** Bare expressions among the parameters (`that`, `var`): they are judged when the task runs. */
function checkExpressions(action: Known, all: readonly YamlEntry[], sheet: Sheet): void {
  for (const entry of all) if (isExpression(action, entry.key)) readConditions(entry, sheet);
}

function isExpression(action: Known, key: PropertyKey | undefined): boolean {
  return action.kind === 'host' && (action.expressions?.some((name) => name === key) ?? false);
}

function checkSchema(action: Known, all: readonly YamlEntry[], entry: YamlEntry, sheet: Sheet): void {
  const written = Object.fromEntries(all.map(({ key, value }) => [key, plain(value)]));
  const parsed = action.params.safeParse(written, { reportInput: true });
  if (parsed.success) return;
  for (const issue of parsed.error.issues) reportIssue(action, issue, all, entry, sheet);
}

function reportIssue(
  action: Known,
  issue: z.core.$ZodIssue,
  all: readonly YamlEntry[],
  entry: YamlEntry,
  sheet: Sheet,
): void {
  const [name] = issue.path;
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reportUnknown(action, key, issue.message, all, entry, sheet);
  } else if (issue.input === undefined && issue.path.length === 1) {
    refuse(sheet, 'parameter-missing', `${action.name} needs "${String(name)}"`, entry.keyPlace);
  } else if (!holdsTemplate(issue.input) && !isExpression(action, name)) {
    const what = name === undefined ? action.name : `${action.name}: ${issue.path.map(String).join('.')}`;
    refuse(sheet, 'parameter', `${what}: ${issue.message}`, placeOfIssue(issue, all, entry));
  }
}

/** One mistake for each unknown parameter, at its own place; asked for alone, the schema speaks of it alone. */
function reportUnknown(
  action: Known,
  key: string,
  message: string,
  all: readonly YamlEntry[],
  entry: YamlEntry,
  sheet: Sheet,
): void {
  const written = all.find((other) => other.key === key);
  const alone = action.params.safeParse({ [key]: written === undefined ? '' : plain(written.value) });
  const issues = alone.success ? [] : alone.error.issues;
  const own = issues.find((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0);
  refuse(sheet, 'unknown-parameter', `${action.name}: ${own?.message ?? message}`, written?.keyPlace ?? entry.keyPlace);
}

/** What is a template now may be right once it is rendered; it is looked at again then. */
function holdsTemplate(value: unknown): boolean {
  if (typeof value === 'string') return isTemplate(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsTemplate);
}

function placeOfIssue(issue: z.core.$ZodIssue, all: readonly YamlEntry[], entry: YamlEntry): Place {
  const [name, ...rest] = issue.path;
  const written = all.find(({ key }) => key === name) ?? aliasOf(issue, all);
  return written === undefined ? entry.keyPlace : deepest(written.value, rest).place;
}

/** A schema speaks of a parameter by its main name, also where another name was written. */
function aliasOf(issue: z.core.$ZodIssue, all: readonly YamlEntry[]): YamlEntry | undefined {
  if (issue.path.length !== 1) return undefined;
  return all.find(({ value }) => plain(value) === issue.input);
}

function deepest(node: YamlNode, path: readonly PropertyKey[]): YamlNode {
  const [step, ...rest] = path;
  const inner = node.kind === 'list' ? node.items[Number(step)] : childOf(node, step);
  return inner === undefined ? node : deepest(inner, rest);
}

function childOf(node: YamlNode, step: PropertyKey | undefined): YamlNode | undefined {
  return node.kind === 'map' && typeof step === 'string' ? entryOf(node, step)?.value : undefined;
}
