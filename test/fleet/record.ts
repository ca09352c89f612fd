/** What the stand-ins in C write and read: one line of key=value, every byte but a few as %XX. */
export type Text = string | Uint8Array;

export function encoded(text: Text): string {
  return [...Buffer.from(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((letter) => (/[\w.:/@()-]/.test(letter) ? letter : `%${hex(letter)}`))
    .join('');
}

function hex(letter: string): string {
  return letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
}

export function record(fields: Readonly<Record<string, Text | undefined>>): string {
  return Object.entries(fields)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encoded(value)}`]))
    .join(' ');
}

/** Values as they were encoded: good for comparing, whatever bytes they stand for. */
export function fields(line: string): Readonly<Record<string, string>> {
  return Object.fromEntries(line.split(' ').map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]));
}
