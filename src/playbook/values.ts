import { expressionFlaws, isTemplate, templateFlaws } from '../expressions/expressions.ts';
import type { YamlEntry, YamlNode, YamlScalar } from '../source/yaml.ts';
import { refuse, refuseFlaws, type Sheet } from './sheet.ts';

const TRUE: readonly unknown[] = ['yes', 'on', '1', 'true', 't', 'y', 1, true];
const FALSE: readonly unknown[] = ['no', 'off', '0', 'false', 'f', 'n', 0, false];

/** A keyword's value: undefined after adding a mistake. */
export type ReadValue<T> = (entry: YamlEntry, sheet: Sheet) => T | undefined;

/** Checks the templates in a value, however deep. */
export function checkTemplates(node: YamlNode, sheet: Sheet): void {
  switch (node.kind) {
    case 'scalar':
      if (typeof node.value === 'string') refuseFlaws(sheet, templateFlaws(node.value), node);
      return;
    case 'list':
      for (const item of node.items) checkTemplates(item, sheet);
      return;
    case 'map':
      for (const { key, keyPlace, value } of node.entries) {
        for (const flaw of templateFlaws(key)) refuse(sheet, flaw.code, flaw.message, keyPlace);
        checkTemplates(value, sheet);
      }
  }
}

/** The string of a node that holds a template, checked. */
export function templateOf(node: YamlNode, sheet: Sheet): string | undefined {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || !isTemplate(node.value)) return undefined;
  checkTemplates(node, sheet);
  return node.value;
}

/** What somebody wrote, in a few words, for messages. */
export function shown(node: YamlNode): string {
  switch (node.kind) {
    case 'list':
      return 'a list';
    case 'map':
      return 'a mapping';
    case 'scalar':
      return node.value === null ? 'nothing' : JSON.stringify(node.value).slice(0, 60);
  }
}

/** Ansible's spellings of yes and no, or a template. */
export const readBoolean: ReadValue<boolean | string> = ({ key, value: node }, sheet) => {
  const template = templateOf(node, sheet);
  if (template !== undefined) return template;
  const word = node.kind === 'scalar' && typeof node.value === 'string' ? node.value.toLowerCase() : undefined;
  const said = word ?? (node.kind === 'scalar' ? node.value : undefined);
  if (TRUE.includes(said)) return true;
  if (FALSE.includes(said)) return false;
  return refuse(sheet, 'not-a-boolean', `${key} wants true or false (or a template), not ${shown(node)}`, node.place);
};

interface NumberForm {
  readonly wants: string;
  readonly form: RegExp;
  readonly most?: number;
}

/** A number in one of the forms, as number or text; a template stays what it is, and so does a percentage. */
function numberReader({ wants, form, most = Number.MAX_SAFE_INTEGER }: NumberForm): ReadValue<number | string> {
  return ({ key, value: node }, sheet) => {
    const template = templateOf(node, sheet);
    if (template !== undefined) return template;
    const text = node.kind === 'scalar' && node.value !== null ? String(node.value).trim() : '';
    const isNumber = form.test(text) && Number.parseFloat(text) <= most;
    if (!isNumber) return refuse(sheet, 'not-a-number', `${key} wants ${wants}, not ${shown(node)}`, node.place);
    return text.endsWith('%') ? text.replaceAll(' ', '') : Number(text);
  };
}

export const readCount = numberReader({ wants: 'a whole number from 0', form: /^\d+$/ });
export const readCountFromOne = numberReader({ wants: 'a whole number from 1', form: /^0*[1-9]\d*$/ });
/** Ten years: a clock of 32 bits can still count it in seconds. */
const LONGEST_SECONDS = 315_360_000;
export const readWholeSeconds = numberReader({
  wants: 'whole seconds (0: no limit)',
  form: /^\d+$/,
  most: LONGEST_SECONDS,
});
export const readSeconds = numberReader({
  wants: 'seconds, such as 5 or 0.5',
  form: /^\d+(\.\d+)?$/,
  most: LONGEST_SECONDS,
});
export const readPercentage = numberReader({
  wants: 'a percentage from 0 to 100, such as 10 or "10%"',
  form: /^\d+(\.\d+)?\s*%?$/,
  most: 100,
});
export const readCountOrShare = numberReader({
  wants: 'a number of hosts from 0, or a whole percentage such as "5%"',
  form: /^\d+\s*%?$/,
});
const readBatchSize = numberReader({
  wants: 'numbers of hosts or whole percentages, such as 1, 10 or "20%" (0: all that remain)',
  form: /^\d+\s*%?$/,
});

export const readSerial: ReadValue<readonly (number | string)[]> = (entry, sheet) =>
  itemsOf(entry.value).flatMap((value) => readBatchSize({ ...entry, value }, sheet) ?? []);

/** Text, or a number taken as text; templates are checked. */
export const readText: ReadValue<string> = ({ key, value: node }, sheet) => {
  const value = node.kind === 'scalar' ? node.value : undefined;
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string')
    return refuse(sheet, 'not-text', `${key} wants text, not ${shown(node)}; put quotes around it`, node.place);
  if (text.trim() === '') return refuse(sheet, 'not-text', `${key} is empty`, node.place);
  checkTemplates(node, sheet);
  return text;
};

/** Text that must be known when the file is read. */
export const readPlainText: ReadValue<string> = (entry, sheet) => {
  const text = readText(entry, sheet);
  if (text === undefined || !isTemplate(text)) return text;
  return refuse(
    sheet,
    'template-not-allowed',
    `${entry.key} cannot be a template: it must be known before anything runs; write it out`,
    entry.value.place,
  );
};

/** A text or a list of texts. */
export const readTexts: ReadValue<readonly string[]> = (entry, sheet) =>
  itemsOf(entry.value).flatMap((value) => readText({ ...entry, value }, sheet) ?? []);

/** Texts; one that is not in a list is split at its commas, as Ansible does. */
export const readPlainTexts: ReadValue<readonly string[]> = (entry, sheet) => {
  const texts = itemsOf(entry.value).flatMap((value) => readPlainText({ ...entry, value }, sheet) ?? []);
  if (entry.value.kind === 'list') return texts;
  return texts.flatMap((text) => text.split(',')).map((text) => text.trim());
};

/** One word of a few. */
export function wordReader<W extends string>(words: readonly W[]): ReadValue<W> {
  return ({ key, value: node }, sheet) => {
    const found = words.find((word) => node.kind === 'scalar' && node.value === word);
    if (found !== undefined) return found;
    return refuse(sheet, 'not-one-of', `${key} wants one of ${words.join(', ')}, not ${shown(node)}`, node.place);
  };
}

/** A bare expression or a list of them, all of which must hold. */
export const readConditions: ReadValue<readonly (string | boolean)[]> = (entry, sheet) =>
  itemsOf(entry.value).flatMap((value) => readCondition({ ...entry, value }, sheet) ?? []);

const readCondition: ReadValue<string | boolean> = ({ key, value: node }, sheet) => {
  const value = node.kind === 'scalar' ? node.value : null;
  if (node.kind === 'scalar' && typeof value === 'boolean') return value;
  if (node.kind !== 'scalar' || value === null || String(value).trim() === '')
    return refuse(sheet, 'not-a-condition', `${key} wants an expression, not ${shown(node)}`, node.place);
  checkExpression(node, sheet);
  return String(value);
};

export function checkExpression(node: YamlScalar, sheet: Sheet): void {
  if (typeof node.value === 'string') refuseFlaws(sheet, expressionFlaws(node.value), node);
}

/** A list's items, or the value itself as the only one. */
export function itemsOf(node: YamlNode): readonly YamlNode[] {
  return node.kind === 'list' ? node.items : [node];
}

export function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}
