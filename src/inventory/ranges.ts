/** What a host pattern with ranges stands for, or what is wrong with it. */
export type Expanded =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly code: 'range'; readonly message: string };

/** More hosts than anybody has from one line is a slip of the finger. */
const MOST_NAMES = 100_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** `db[01:10:3]-[a:c]` → db01-a, db01-b, … Both ends are part of a range; an open begin is 0. */
export function expandRanges(pattern: string): Expanded {
  const pieces = cutPieces(pattern);
  if (typeof pieces === 'string') return refuse(pieces);
  const total = pieces.reduce((product, piece) => product * piece.length, 1);
  if (total > MOST_NAMES)
    return refuse(`"${pattern}" stands for ${total} hosts; the most in one line is ${MOST_NAMES}`);
  const names = pieces.reduce<readonly string[]>(
    (heads, piece) => heads.flatMap((head) => piece.map((each) => head + each)),
    [''],
  );
  return { ok: true, names };
}

function refuse(message: string): Expanded {
  return { ok: false, code: 'range', message };
}

/** The alternatives at each place of the name; a string says what is wrong. */
function cutPieces(pattern: string): readonly (readonly string[])[] | string {
  const pieces: (readonly string[])[] = [];
  let rest = pattern;
  for (let open = rest.indexOf('['); open !== -1; open = rest.indexOf('[')) {
    const close = rest.indexOf(']', open);
    if (close === -1) return `the range in "${pattern}" lacks its "]"`;
    const sequence = readRange(rest.slice(open + 1, close));
    if (typeof sequence === 'string') return sequence;
    pieces.push([rest.slice(0, open)], sequence);
    rest = rest.slice(close + 1);
  }
  if (rest.includes(']')) return `"${pattern}" has a "]" without its "["`;
  return [...pieces, [rest]];
}

function readRange(text: string): readonly string[] | string {
  const [writtenBegin = '', end, writtenStep, ...more] = text.split(':');
  if (end === undefined || more.length > 0) {
    const dashed = /^(\w+)-(\w+)$/.exec(text);
    const instead = dashed === null ? 'begin:end or begin:end:step, such as [01:50]' : `[${dashed[1]}:${dashed[2]}]`;
    return `[${text}] is not a range; write ${instead}`;
  }
  if (end === '') return `[${text}] has no end; write [${writtenBegin || '0'}:N]`;
  const begin = writtenBegin === '' ? '0' : writtenBegin;
  const step = writtenStep === undefined ? 1 : Number(writtenStep);
  if (!/^\d+$/.test(writtenStep ?? '1') || step < 1)
    return `the step of [${text}] must be a whole number from 1, not "${writtenStep}"`;
  if (/^\d+$/.test(begin) && /^\d+$/.test(end)) return readNumbers(begin, end, step, text);
  if (LETTERS.includes(begin) && LETTERS.includes(end) && begin.length === 1 && end.length === 1)
    return readLetters(begin, end, step, text);
  return `[${text}] must run between two numbers or two single letters`;
}

function readNumbers(begin: string, end: string, step: number, text: string): readonly string[] | string {
  const padded = begin.length > 1 && begin.startsWith('0');
  if (padded && begin.length !== end.length) {
    const width = Math.max(begin.length, end.length);
    const instead = `[${begin.padStart(width, '0')}:${end.padStart(width, '0')}]`;
    return `[${text}] pads its begin with zeros, so both ends must have the same length; write ${instead}`;
  }
  const [from, to] = [Number(begin), Number(end)];
  if (from > to) return `[${text}] runs backwards and stands for no host; write [${end}:${begin}]`;
  const count = Math.floor((to - from) / step) + 1;
  if (count > MOST_NAMES) return `[${text}] stands for ${count} hosts; the most in one line is ${MOST_NAMES}`;
  return Array.from({ length: count }, (_, index) =>
    String(from + index * step).padStart(padded ? begin.length : 0, '0'),
  );
}

function readLetters(begin: string, end: string, step: number, text: string): readonly string[] | string {
  const letters = LETTERS.slice(LETTERS.indexOf(begin), LETTERS.indexOf(end) + 1);
  if (letters === '') return `[${text}] runs backwards and stands for no host; write [${end}:${begin}]`;
  return [...letters].filter((_, index) => index % step === 0);
}
