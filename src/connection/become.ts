import { Beginning } from './beginning.ts';
import type { Become } from './connection.ts';
import { goSign, promptSign } from './wrapping.ts';

/** What sudo's own words mean for us. */
export type Heard = 'waiting' | 'asked' | 'asked-again' | 'let-in';

/**
 * Listens to the stream that sudo speaks on until it lets us in. Nothing of the command's own can come before that;
 * what sudo itself says (a warning, the lecture) tells why it refused, and is no output of a command that it let through.
 */
export class SudoListener {
  readonly #beginning: Beginning;
  readonly #prompt: Buffer;
  #asked = 0;

  constructor(id: string) {
    this.#beginning = new Beginning(goSign(id));
    this.#prompt = Buffer.from(promptSign(id));
  }

  get letIn(): boolean {
    return this.#beginning.hasBegun;
  }

  /** What sudo has said, for a reason. */
  get words(): string {
    return this.#beginning.before.toString().replaceAll(this.#prompt.toString(), '').trim();
  }

  /** Takes bytes; gives what they mean, and those that are for the outcome. */
  hear(bytes: Buffer): { readonly heard: Heard; readonly rest: Buffer } {
    const rest = this.#beginning.take(bytes);
    if (this.letIn) return { heard: 'let-in', rest };
    const asked = count(this.#beginning.before, this.#prompt);
    const heard = asked > this.#asked ? (asked > 1 ? 'asked-again' : 'asked') : 'waiting';
    this.#asked = asked;
    return { heard, rest };
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
