import type { Files } from './files.ts';
import type { Mistakes, Place } from './mistakes.ts';

/** A text and where it came from; places are computed from offsets into it. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** 5 MB of playbook is a mistake, not a playbook. Bytes. */
const LARGEST_FILE = 5 * 1024 * 1024;
/** Characters. */
const LONGEST_LINE = 1024 * 1024;
/** Longer lines are not shown: the excerpt is there to help a person. Characters. */
const LONGEST_EXCERPT = 400;

/**
 * The text of a file that must be there, be UTF-8 and hold something. `askedBy` is where the path was written, if it
 * was written somewhere. Undefined after adding a mistake.
 */
export function readText(
  files: Files,
  path: string,
  what: string,
  mistakes: Mistakes,
  askedBy?: Place,
): SourceText | undefined {
  const refuse = (code: string, why: string) => {
    mistakes.add(code, `${what} ${path} ${why}`, askedBy);
    return undefined;
  };
  // Resolved, no name at all would be the folder that we are in.
  if (path === '') {
    mistakes.add('file-unnamed', `${what}: its name is empty`, askedBy);
    return undefined;
  }
  const found = files.look(path);
  switch (found.kind) {
    case 'absent':
      return refuse('file-absent', 'does not exist');
    case 'unreadable':
      return refuse('file-unreadable', `cannot be read: ${found.why}`);
    case 'directory':
      return refuse('file-is-directory', 'is a directory; name a file');
    case 'file':
      break;
  }
  if (found.bytes.length > LARGEST_FILE)
    return refuse('file-too-large', `is ${found.bytes.length} bytes; the most that is read is ${LARGEST_FILE}`);
  const text = decodeUtf8(found.bytes);
  if (text === undefined) {
    mistakes.add(
      'file-not-utf8',
      `${what} ${path} is not UTF-8 text from here on; save it as UTF-8`,
      placeOfFirstOther(path, found.bytes),
    );
    return undefined;
  }
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    mistakes.add(
      'file-not-text',
      `${what} ${path} holds NUL bytes; it is not text`,
      placeAt({ file: path, text }, nul),
    );
    return undefined;
  }
  if (text.trim() === '') return refuse('file-empty', 'is empty');
  const source = { file: path, text };
  const longLine = offsetOfLongLine(text);
  if (longLine !== undefined) {
    const { file, line, column } = placeAt(source, longLine);
    mistakes.add('line-too-long', `this line has more than ${LONGEST_LINE} characters; break it up`, {
      file,
      line,
      column,
    });
    return undefined;
  }
  return source;
}

function offsetOfLongLine(text: string): number | undefined {
  if (text.length <= LONGEST_LINE) return undefined;
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    const length = (end === -1 ? text.length : end) - start;
    if (length > LONGEST_LINE) return start;
    start += length + 1;
  }
  return undefined;
}

function decodeUtf8(bytes: Uint8Array, options?: { readonly stream: boolean }): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, options);
  } catch {
    return undefined;
  }
}

/** Where the text ends that is UTF-8. Bytes that are none cannot be shown. */
function placeOfFirstOther(file: string, bytes: Uint8Array): Place {
  let [sound, all] = [0, bytes.length];
  while (sound < all) {
    const middle = (sound + all + 1) >> 1;
    if (decodeUtf8(bytes.subarray(0, middle), { stream: true }) === undefined) all = middle - 1;
    else sound = middle;
  }
  const text = new TextDecoder('utf-8').decode(bytes.subarray(0, sound), { stream: true });
  const { line, column } = placeAt({ file, text }, text.length);
  return { file, line, column };
}

/** The place of an offset (UTF-16 units, from 0). Asked for every value of a file: it must not walk along the text. */
export function placeAt(source: SourceText, offset: number): Place {
  const starts = lineStartsOf(source);
  const line = lineAt(starts, offset);
  const start = starts[line] ?? 0;
  const end = (starts[line + 1] ?? source.text.length + 1) - 1;
  const place = { file: source.file, line: line + 1, column: offset - start + 1 };
  return end - start > LONGEST_EXCERPT
    ? place
    : { ...place, excerpt: source.text.slice(start, end).replace(/\r$/, '') };
}

const known = new WeakMap<SourceText, readonly number[]>();

function lineStartsOf(source: SourceText): readonly number[] {
  const before = known.get(source);
  if (before !== undefined) return before;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1)) starts.push(at + 1);
  known.set(source, starts);
  return starts;
}

/** The index of the last line that starts at or before the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
