import { quote, render, type Script, Secret } from '../shell/script.ts';
import type { Become, RunOptions } from './connection.ts';

/** What is in the environment of everything that a command starts, so that all of it can be found again. */
export const MARKER = 'ROLLGATE_STEP';

/** A command as the host's login shell gets it. */
export interface Wrapped {
  readonly command: string;
  /** What must come first on its stdin: the script itself, where it cannot or must not be an argument. */
  readonly preamble: string;
}

export interface Wrapping {
  /** Letters and digits, unique for this start. */
  readonly id: string;
  readonly environment: RunOptions['environment'];
  readonly chdir: Script | undefined;
  /** Undefined: no sudo, also when it is not needed. */
  readonly become: Become | undefined;
  /** The file on the host that becomes the command's stdin: sudo asks at a terminal, where nothing else can be sent. */
  readonly stdinFile?: string | undefined;
  readonly terminal: boolean;
  /** Says on each stream where the command's own output begins. */
  readonly signed?: boolean;
}

/** Bytes that fit in one argument on Linux (128 KiB), with room for quoting by us. */
const LONGEST = 100_000;

/**
 * Renders a script for a host: marked, in its environment and folder, as its user, and fit for any login shell. `exec`,
 * because a shell that stays between would turn an end by signal into an exit code.
 */
export function wrap(script: Script, wrapping: Wrapping): Wrapped {
  const text = bodyOf(script, wrapping);
  const hidden = hasSecrets(script, wrapping.environment);
  const words = hidden || Buffer.byteLength(text) > LONGEST ? READ_FROM_STDIN : argumentsFor(text);
  const marked = `env ${MARKER}=${wrapping.id} /bin/sh -c`;
  const [first = '', ...rest] = words;
  const signs = wrapping.signed === true && wrapping.become === undefined ? bothSigns(wrapping.id) : '';
  const shown = [`${signs}${first}`, ...rest].map(quoteForAnyShell).join(' ');
  const command =
    wrapping.become === undefined
      ? `exec ${marked} ${shown}`
      : asUser(wrapping.become, wrapping, `${marked} "$@"`, shown);
  return { command, preamble: words === READ_FROM_STDIN ? `${text}\n${END}\n` : '' };
}

/** What comes before a command's own output; on stderr, after sudo, it is also the proof that sudo let us in. */
export function goSign(id: string): string {
  return `rollgate-go-${id}`;
}

/** What sudo asks with: nothing else on the host prints it. */
export function promptSign(id: string): string {
  return `rollgate-password-${id}:`;
}

function bothSigns(id: string): string {
  return `echo ${goSign(id)}; echo ${goSign(id)} >&2; `;
}

function asUser(become: Become, wrapping: Wrapping, inner: string, words: string): string {
  const { id, terminal, stdinFile, signed } = wrapping;
  const asking = become.password === undefined ? '-n' : terminal ? `-p ${promptSign(id)}` : `-S -p ${promptSign(id)}`;
  const signs = signed === true && !terminal ? bothSigns(id) : `echo ${goSign(id)} >&2; `;
  const go = quoteForAnyShell(`${signs}exec ${inner}`);
  const sudo = `sudo -H ${asking} -u ${quoteForAnyShell(become.user)} /bin/sh -c ${go} sh ${words}`;
  if (!terminal) return `exec ${sudo}`;
  if (stdinFile === undefined) return `exec ${sudo} < /dev/null`;
  return `exec /bin/sh -c ${quoteForAnyShell('exec < "$1"; rm -f "$1"; shift; exec "$@"')} sh ${quoteForAnyShell(stdinFile)} ${sudo}`;
}

function bodyOf(script: Script, { environment, chdir }: Wrapping): string {
  const exports = Object.entries(environment ?? {}).map(
    ([name, value]) => `${name}=${quote(value instanceof Secret ? value.reveal() : value)}; export ${name}; `,
  );
  const folder = chdir === undefined ? '' : `CDPATH= cd -- ${render(chdir)} || exit 1; `;
  return `${exports.join('')}${folder}${render(script)}`;
}

function hasSecrets(script: Script, environment: RunOptions['environment']): boolean {
  return [...script.parts, ...Object.values(environment ?? {})].some((part) => part instanceof Secret);
}

/** csh cannot have a newline between quotes: a script of several lines travels as one, and printf gives it its lines back. */
function argumentsFor(text: string): readonly string[] {
  if (!text.includes('\n')) return [text];
  const encoded = `set --\n${text}`.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return ['eval "$(printf %b "$1")"', 'sh', encoded];
}

const END = 'rollgate-end-of-script';

/**
 * Takes the script from stdin up to the end mark and leaves the rest to the script. `read` takes single bytes from a pipe,
 * so nothing is read ahead. Also keeps secrets out of the host's process list.
 */
const READ_FROM_STDIN: readonly string[] = [
  `_n=$(printf "\\nx"); _n=\${_n%x}; _s=; while IFS= read -r _l && [ "$_l" != ${END} ]; do _s=$_s$_l$_n; done; eval "$_s"`,
];

/** One word for sh, csh and fish alike: in csh `!` works between quotes too, in fish a backslash does. */
export function quoteForAnyShell(word: string): string {
  if (!/[\\!']/.test(word)) return quote(word);
  return word
    .split(/([\\!'])/)
    .filter((part) => part !== '')
    .map((part) => (/^[\\!']$/.test(part) ? `\\${part}` : `'${part}'`))
    .join('');
}
