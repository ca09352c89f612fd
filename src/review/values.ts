import { isList, isMap, type Value } from '../source/value.ts';

/** A value on one line: text as it is, everything else as JSON. */
export function shown(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Parameters as they stand in a playbook, each on its line, long texts below their names. */
export function parametersText(params: Readonly<Record<string, Value>>): string {
  return Object.entries(params)
    .map(([name, value]) => (isLong(value) ? `${name}:\n${indented(longText(value))}` : `${name}: ${shown(value)}`))
    .join('\n');
}

function isLong(value: Value): boolean {
  return typeof value === 'string' ? value.includes('\n') : (isList(value) || isMap(value)) && shown(value).length > 80;
}

function longText(value: Value): string {
  return typeof value === 'string' ? value.replace(/\n+$/, '') : JSON.stringify(value, undefined, 2);
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
