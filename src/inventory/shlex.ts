/** A word of a line and where it begins, counted in UTF-16 units from the line's start. */
export interface Word {
  readonly text: string;
  readonly offset: number;
}

export type Words =
  | { readonly ok: true; readonly words: readonly Word[] }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** Splits as Python's `shlex.split(line, comments=True)` does: quotes, `\`, and a `#` that begins a comment anywhere outside quotes. */
export function splitWords(line: string): Words {
  const words: Word[] = [];
  let word: { text: string; readonly offset: number } | undefined;
  let at = 0;
  const take = (text: string) => {
    word ??= { text: '', offset: at };
    word.text += text;
  };
  const finish = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  while (at < line.length && line[at] !== '#') {
    const char = line[at] ?? '';
    if (' \t\r\n'.includes(char)) finish();
    else if (char === "'" || char === '"') {
      const quoted = readQuoted(line, at);
      if (quoted === undefined)
        return { ok: false, message: `the quotation that begins here is not closed`, offset: at };
      take(quoted.text);
      at = quoted.end;
    } else if (char === '\\') {
      if (at + 1 >= line.length) return { ok: false, message: 'nothing follows this backslash', offset: at };
      take(line[at + 1] ?? '');
      at += 1;
    } else take(char);
    at += 1;
  }
  finish();
  return { ok: true, words };
}

/** The text between quotes and the index of the closing one. Between double quotes `\` escapes `"` and itself. */
function readQuoted(line: string, open: number): { readonly text: string; readonly end: number } | undefined {
  const quote = line[open];
  let text = '';
  for (let at = open + 1; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (char === quote) return { text, end: at };
    const next = line[at + 1];
    if (char === '\\' && quote === '"' && (next === '"' || next === '\\')) {
      text += next;
      at += 1;
    } else text += char;
  }
  return undefined;
}
