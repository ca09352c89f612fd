import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import { printableLine } from './printable.ts';

/** Ansible's words for "look elsewhere". */
const SAYS_NOTHING = /^(non-zero return code|one or more items failed|All items completed)?\.?$/;

/** Why a step did not succeed, in one printable line: its message, else what the command complained of first. */
export function reasonOf(result: ValueMap): string {
  const item = failedItem(result);
  if (item !== undefined) return `${label(item.item)}${reasonOf(item)}`;
  if (result.censored !== undefined) return 'hidden by no_log';
  const message = firstLine(result.msg);
  if (!SAYS_NOTHING.test(message)) return message;
  const complaint = firstLine(result.stderr) || firstLine(result.module_stderr) || firstLine(result.stdout);
  const code = typeof result.rc === 'number' ? `exit code ${result.rc}` : '';
  return [code, complaint].filter((part) => part !== '').join(': ') || message || 'no reason was given';
}

function failedItem(result: ValueMap): ValueMap | undefined {
  if (!isList(result.results)) return undefined;
  return result.results
    .filter(isMap)
    .find((each) => each.failed === true || each.unreachable === true || each.refused === true);
}

function label(item: Value | undefined): string {
  return item === undefined ? '' : `item ${printableLine(typeof item === 'string' ? item : JSON.stringify(item))}: `;
}

function firstLine(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = text.split(/[\r\n]+/).find((each) => each.trim() !== '');
  return printableLine((line ?? '').trim());
}
