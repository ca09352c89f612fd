export type Split =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly message: string };

/**
 * Words as Python's shlex (POSIX mode, no comments) splits them: `'…'` is literal, in `"…"` a backslash escapes only
 * `"` and `\`, elsewhere it takes the next character as it is. At the end of a line it joins the next one, as in a shell.
 */
export function splitWords(text: string): Split {
  const words: string[] = [];
  let word: string | undefined;
  let rest = text;
  while (rest !== '') {
    const piece = nextPiece(rest);
    if (piece === undefined) return { ok: false, message: `a quote or backslash is not closed: ${rest}` };
    if (piece.kind === 'space') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (piece.kind === 'text') word = (word ?? '') + piece.text;
    rest = rest.slice(piece.length);
  }
  if (word !== undefined) words.push(word);
  return { ok: true, words };
}

interface Piece {
  readonly kind: 'space' | 'text' | 'line continued';
  readonly text: string;
  readonly length: number;
}

const PIECES: readonly (readonly [RegExp, (matched: string) => string])[] = [
  [/^'[^']*'/, (quoted) => quoted.slice(1, -1)],
  [/^"(?:[^"\\]|\\[\s\S])*"/, (quoted) => quoted.slice(1, -1).replace(/\\(["\\])/g, '$1')],
  [/^\\[\s\S]/, (escaped) => escaped.slice(1)],
  [/^[^\s'"\\]+/, (plain) => plain],
];

function nextPiece(text: string): Piece | undefined {
  const space = /^\s+/.exec(text);
  if (space !== null) return { kind: 'space', text: '', length: space[0].length };
  if (text.startsWith('\\\n')) return { kind: 'line continued', text: '', length: 2 };
  for (const [pattern, mean] of PIECES) {
    const found = pattern.exec(text);
    if (found !== null) return { kind: 'text', text: mean(found[0]), length: found[0].length };
  }
  return undefined;
}
