/** East Asian wide and full-width characters, and emoji: two columns each. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]/u;
const PLAIN = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns that printable text takes on a terminal. Holds no escape sequences. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += columnsOfOne(segment);
  return columns;
}

function columnsOfOne(grapheme: string): number {
  if (NO_WIDTH.test(grapheme)) return 0;
  // What follows the first character of an emoji or an accented letter takes no room of its own.
  return WIDE.test(grapheme) || grapheme.includes('\ufe0f') ? 2 : 1;
}

/** The text, cut to that many columns with an ellipsis. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += columnsOfOne(segment);
    if (used > columns) break;
    kept += segment;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** The text cut or filled to exactly that many columns. */
export function filled(text: string, columns: number): string {
  const short = cut(text, columns);
  return short + ' '.repeat(Math.max(0, columns - columnsOf(short)));
}

/** What stands in for the rest of a text on the lines that it is broken into. */
const HANGING = ' '.repeat(8);

/** The text on as many lines of that many columns as it takes, broken between words, or in a word that is too long. */
export function wrapped(text: string, columns: number): readonly string[] {
  if (columnsOf(text) <= columns) return [text];
  const room = cut(text, columns + 1).slice(0, -1);
  const space = room.lastIndexOf(' ');
  const end = space > HANGING.length ? space : room.length;
  const rest = text.slice(end).trimStart();
  if (rest === '' || columns <= HANGING.length + 2) return [cut(text, columns)];
  return [text.slice(0, end).trimEnd(), ...wrapped(HANGING + rest, columns)];
}
