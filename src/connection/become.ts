import type { Become } from './connection.ts';
import { goSign, promptSign } from './wrapping.ts';

/** What sudo's own words mean for us. */
export type Heard = 'waiting' | 'asked' | 'asked-again' | 'let-in';

/**
 * Listens to the stream that sudo speaks on until it lets us in. Nothing of the command's own can come before that;
 * what sudo itself says (a warning, the lecture) is kept and passed on after, without the signs we put there.
 */
export class SudoListener {
  readonly #go: Buffer;
  readonly #prompt: Buffer;
  #said: Buffer = Buffer.alloc(0);
  #asked = 0;
  #in = false;

  constructor(id: string) {
    this.#go = Buffer.from(goSign(id));
    this.#prompt = Buffer.from(promptSign(id));
  }

  get letIn(): boolean {
    return this.#in;
  }

  /** What sudo has said, for a reason. */
  get words(): string {
    return this.#said.toString().replaceAll(this.#prompt.toString(), '').trim();
  }

  /** Takes bytes; gives what they mean, and those that are for the outcome. */
  hear(bytes: Buffer): { readonly heard: Heard; readonly rest: Buffer } {
    if (this.#in) return { heard: 'let-in', rest: bytes };
    this.#said = Buffer.concat([this.#said, bytes]);
    const at = this.#said.indexOf(this.#go);
    if (at >= 0) return { heard: 'let-in', rest: this.#enter(at) };
    const asked = count(this.#said, this.#prompt);
    const heard = asked > this.#asked ? (asked > 1 ? 'asked-again' : 'asked') : 'waiting';
    this.#asked = asked;
    return { heard, rest: Buffer.alloc(0) };
  }

  #enter(at: number): Buffer {
    const after = this.#said.subarray(at + this.#go.length);
    const line = after[0] === 13 ? 2 : 1;
    if (after.length < line) return Buffer.alloc(0);
    this.#in = true;
    const before = this.#said
      .subarray(0, at)
      .toString('latin1')
      .replaceAll(this.#prompt.toString(), '')
      .replace(/^[\r\n]+/, '');
    return Buffer.concat([Buffer.from(before, 'latin1'), after.subarray(line)]);
  }
}

function count(text: Buffer, wanted: Buffer): number {
  let found = 0;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) found++;
  return found;
}

/** Whether sudo refused only because there is no terminal (`requiretty`). */
export function wantsTerminal(words: string): boolean {
  return (
    /you must have a tty|no tty present and no askpass|a terminal is required to (?:run|execute)/i.test(words) &&
    !/read the password/i.test(words)
  );
}

/** sudo's refusal, and what to do about it. */
export function refusal(become: Become, words: string, code: number | undefined): string {
  const head = `sudo to ${become.user} was refused`;
  if (code === 127 || /(sudo: (?:command )?not found|sudo: No such file)/i.test(words)) {
    return `${head}: sudo is not installed on the host (${lastLine(words)}); install it, or log in as ${become.user}`;
  }
  const hint = HINTS.find(([pattern]) => pattern.test(words))?.[1];
  const said = words === '' ? 'it said nothing' : words.replace(/\s*\n\s*/g, ' / ');
  return hint === undefined ? `${head}: ${said}` : `${head}: ${said}; ${hint}`;
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /password is required|terminal is required to read the password/i,
    'give ansible_become_password, or allow it in sudoers with NOPASSWD',
  ],
  [/incorrect password|try again/i, 'ansible_become_password is wrong for this host'],
  [/not in the sudoers file|may not run sudo|not allowed to execute/i, 'let this user run /bin/sh in sudoers'],
  [/unknown user/i, 'there is no such user on the host: correct become_user'],
];

function lastLine(words: string): string {
  return words.split('\n').at(-1)?.trim() ?? '';
}
