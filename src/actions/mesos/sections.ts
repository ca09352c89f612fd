/**
 * What probe scripts print: `= KIND WORDS…` begins a section, `- NAME WORDS…` a field in it, and a line that begins
 * with a space is a row of bytes in hex. Whatever a name on a host holds, it cannot look like one of these.
 */
export interface Section {
  readonly kind: string;
  readonly words: readonly string[];
  readonly fields: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly words: readonly string[];
  readonly bytes: Uint8Array;
}

/** Undefined where the text does not end with the script's last line: it was cut off. */
export function readSections(text: string): readonly Section[] | undefined {
  const lines = text.split('\n');
  if (!lines.includes('= end')) return undefined;
  const sections: { kind: string; words: string[]; fields: { name: string; words: string[]; hex: string[] }[] }[] = [];
  for (const line of lines) {
    const [mark, name = '', ...words] = line.split(' ');
    const section = sections.at(-1);
    if (mark === '=') sections.push({ kind: name, words, fields: [] });
    else if (mark === '-') section?.fields.push({ name, words, hex: [] });
    else if (mark === '') section?.fields.at(-1)?.hex.push(line);
  }
  return sections.map(({ kind, words, fields }) => ({ kind, words, fields: fields.map(decoded) }));
}

function decoded({ name, words, hex }: { name: string; words: readonly string[]; hex: readonly string[] }): Field {
  return { name, words, bytes: Buffer.from(hex.join('').replace(/[^0-9a-f]/g, ''), 'hex') };
}

export function bytesOf(section: Section, name: string): Uint8Array | undefined {
  return section.fields.find((field) => field.name === name)?.bytes;
}

/** Bytes as text that can be shown anywhere: what is no UTF-8, and what steers terminals, becomes `\xNN`. */
export function printable(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  if (!text.includes('\ufffd')) return escaped(text);
  return escaped([...bytes].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : hex(byte))).join(''));
}

/** Lines as text that can be shown anywhere, without the empty ones. */
export function linesOf(bytes: Uint8Array | undefined): readonly string[] {
  const lines = Buffer.from(bytes ?? [])
    .toString('latin1')
    .split('\n');
  return lines.filter((line) => line !== '').map((line) => printable(Buffer.from(line, 'latin1')));
}

/** Control characters of both sets, and those that turn the direction of text. */
function escaped(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? hex(code) : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** NUL-separated records, as in `environ` and `cmdline`. */
export function records(bytes: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  let begin = 0;
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, begin)) {
    found.push(bytes.subarray(begin, at));
    begin = at + 1;
  }
  return begin < bytes.length ? [...found, bytes.subarray(begin)] : found;
}
