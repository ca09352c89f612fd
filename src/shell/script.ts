import { inspect } from 'node:util';

export const MASK = '********';

/** A value that must not be seen. Whatever prints it prints the mask; only rendering for a host reveals it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** Shell text that is meant as shell text; everything else is quoted. */
interface Raw {
  readonly raw: string;
}

/** A command as data: rendered in full for a host, masked for people. */
export interface Script {
  readonly parts: readonly (Raw | string | Secret)[];
}

export type Word = string | number | Secret | Script | readonly (string | number | Secret)[];

/**
 * A POSIX shell command. What is put in with `${}` becomes one quoted word (a list: several), unless it is itself a
 * Script: sh`systemctl restart ${unit}`.
 */
export function sh(texts: TemplateStringsArray, ...words: readonly Word[]): Script {
  const parts: (Raw | string | Secret)[] = [];
  texts.forEach((text, index) => {
    if (text !== '') parts.push({ raw: text });
    const word = words[index];
    if (word !== undefined) parts.push(...partsOf(word));
  });
  return { parts };
}

/** Text that is already shell, as an operator wrote it in a playbook. */
export function shellText(text: string): Script {
  return { parts: [{ raw: text }] };
}

/** One command from its words, each quoted. */
export function argv(words: readonly (string | number | Secret)[]): Script {
  return { parts: partsOf(words) };
}

function partsOf(word: Word): readonly (Raw | string | Secret)[] {
  if (typeof word === 'string') return [word];
  if (typeof word === 'number') return [String(word)];
  if (word instanceof Secret) return [word];
  if ('parts' in word) return word.parts;
  return word.flatMap((each, index) => [...(index === 0 ? [] : [{ raw: ' ' }]), ...partsOf(each)]);
}

/** Scripts one after the other, each on its own line. */
export function lines(scripts: readonly Script[]): Script {
  return { parts: scripts.flatMap((script, index) => [...(index === 0 ? [] : [{ raw: '\n' }]), ...script.parts]) };
}

/** The text a host is given. Holds secrets in the clear: never log it. */
export function render(script: Script): string {
  return script.parts
    .map((part) => (typeof part === 'string' ? quote(part) : part instanceof Secret ? quote(part.reveal()) : part.raw))
    .join('');
}

/** The text people are shown: as `render`, secrets masked. */
export function show(script: Script): string {
  return script.parts
    .map((part) => (typeof part === 'string' ? quote(part) : part instanceof Secret ? MASK : part.raw))
    .join('');
}

const SAFE_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word for a POSIX shell, quoted only where it must be. NUL cannot be passed to any command: throws RangeError. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a NUL byte cannot be part of a command');
  if (SAFE_WORD.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
