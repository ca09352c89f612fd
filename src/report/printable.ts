/** Controls, invisible direction marks and lone halves of characters: what could move a cursor or make text read as other text. */
const HARMFUL =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text from elsewhere, such that it can be shown in terminals and files: tabs and line breaks stay, the rest is spelled out. */
export function printable(text: string): string {
  return text.replace(HARMFUL, spelledOut);
}

/** The same, with one mark for each: what is counted in characters, such as the column of a caret, stays where it is. */
export function printableInPlace(text: string): string {
  return text.replace(HARMFUL, '\ufffd');
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', ' ');
}

function spelledOut(character: string): string {
  const code = character.charCodeAt(0);
  if (character === '\r') return '\\r';
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
