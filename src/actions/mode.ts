/** Permission bits, or symbolic clauses such as `u=rwX,go-w` that say how to change them. */
export type Mode = number | string;

const CLAUSE = /^([ugoa]*)((?:[=+-](?:[rwxXst]*|[ugo]))+)$/;
const CHANGE = /([=+-])([rwxXstugo]*)/g;

/** A mode as playbooks write it: "0644", "u+x", or an integer (what YAML made of 0644). Undefined: not a mode. */
export function parseMode(written: string | number): Mode | undefined {
  if (typeof written === 'number')
    return Number.isInteger(written) && written >= 0 && written <= 0o7777 ? written : undefined;
  const text = written.trim();
  if (/^0?o?[0-7]{1,5}$/.test(text)) return bitsOf(text);
  return text !== '' && text.split(',').every((clause) => CLAUSE.test(clause)) ? text : undefined;
}

function bitsOf(octal: string): number | undefined {
  const bits = Number.parseInt(octal.replace(/^0?o/, ''), 8);
  return bits <= 0o7777 ? bits : undefined;
}

/** What `copy` and `file` register: a 0 and three octal digits, or four. */
export function registeredMode(bits: number): string {
  return `0${bits.toString(8).padStart(3, '0')}`;
}

/** At least four octal digits, as `stat` registers them. */
export function octal(bits: number): string {
  return bits.toString(8).padStart(4, '0');
}

/** The bits that a file has after `mode` was set on it. `umask` counts for clauses that name nobody, as in chmod. */
export function withMode(mode: Mode, current: number, isDirectory: boolean, umask: number): number {
  if (typeof mode === 'number') return mode;
  return mode.split(',').reduce((bits, clause) => withClause(clause, bits, isDirectory, umask), current);
}

function withClause(clause: string, current: number, isDirectory: boolean, umask: number): number {
  const [, who = '', changes = ''] = CLAUSE.exec(clause) ?? [];
  const users = who === '' || who.includes('a') ? 'ugo' : who;
  const allowed = who === '' ? ~umask : ~0;
  let bits = current;
  for (const [, operator = '', letters = ''] of changes.matchAll(CHANGE)) {
    const wanted = bitsFor(users, letters, bits, isDirectory) & allowed;
    if (operator === '+') bits |= wanted;
    else if (operator === '-') bits &= ~wanted;
    else bits = (bits & ~reach(users, isDirectory)) | wanted;
  }
  return bits;
}

const SHIFT: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };
const TRIAD: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1 };
const SPECIAL: Readonly<Record<string, number>> = { u: 0o4000, g: 0o2000, o: 0 };

/** What `=` clears: chmod keeps a folder's set-id bits. */
function reach(users: string, isDirectory: boolean): number {
  const triads = [...users].reduce(
    (bits, user) => bits | (7 << (SHIFT[user] ?? 0)) | (isDirectory ? 0 : (SPECIAL[user] ?? 0)),
    0,
  );
  return users.includes('o') ? triads | 0o1000 : triads;
}

function bitsFor(users: string, letters: string, current: number, isDirectory: boolean): number {
  let bits = 0;
  for (const user of users) {
    for (const letter of letters) {
      const shift = SHIFT[user] ?? 0;
      if (letter === 's') bits |= SPECIAL[user] ?? 0;
      else if (letter === 't') bits |= 0o1000;
      else if (letter === 'X') bits |= isDirectory || (current & 0o111) !== 0 ? 1 << shift : 0;
      else bits |= (TRIAD[letter] ?? (current >> (SHIFT[letter] ?? 0)) & 7) << shift;
    }
  }
  return bits;
}
