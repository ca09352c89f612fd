import type { Problem } from './options.ts';
import { splitWords } from './shlex.ts';
import type { Setting } from './ssh-config.ts';

/** SSH arguments as settings: what `-o`, `-J`, `-i`, `-p`, `-l` and `-F` say. */
export interface SshArgs {
  readonly settings: readonly Setting[];
  readonly configFile?: string;
  readonly problems: readonly Problem[];
}

const KEYWORD_OF: Readonly<Record<string, string>> = {
  J: 'proxyjump',
  i: 'identityfile',
  p: 'port',
  l: 'user',
  b: 'bindaddress',
};

/** Flags that change nothing here: compression, quiet, verbose, no terminal, agent and X11 forwarding off. */
const HARMLESS = /^-[CqvTaxn46]+$/;

/** Reads arguments as they stand in ansible_ssh_common_args. */
export function readSshArgs(text: string): SshArgs {
  const words = splitWords(text);
  if (words === undefined) return refused('ssh-args-quotes', `a quote is not closed in the SSH arguments: ${text}`);
  const read = { settings: [] as Setting[], problems: [] as Problem[], configFile: undefined as string | undefined };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (HARMLESS.test(word)) {
      read.settings.push(...family(word));
      continue;
    }
    const flag = /^-([oJiplFb])(.*)$/.exec(word);
    const value = flag?.[2] || words[++at];
    if (flag === null) {
      read.problems.push({
        code: 'ssh-args-flag',
        message: `the SSH argument ${word} is not supported; there are -o Key=Value, -J, -i, -p, -l, -b and -F`,
      });
      at--;
    } else if (value === undefined) {
      read.problems.push({ code: 'ssh-args-value', message: `the SSH argument ${word} lacks its value` });
    } else if (flag[1] === 'F') read.configFile = value;
    else read.settings.push(settingOf(flag[1] ?? '', value));
  }
  const { settings, problems, configFile } = read;
  return { settings, problems, ...(configFile === undefined ? {} : { configFile }) };
}

function settingOf(flag: string, value: string): Setting {
  if (flag !== 'o') return { key: KEYWORD_OF[flag] ?? flag, words: [value] };
  const parts = /^\s*([A-Za-z0-9]+)\s*(?:=\s*|\s+)?(.*)$/s.exec(value);
  const key = (parts?.[1] ?? value).toLowerCase();
  const rest = parts?.[2] ?? '';
  const whole = key === 'proxycommand' || key === 'identityfile';
  return { key, words: whole ? [rest.replace(/^"(.*)"$/, '$1')] : (splitWords(rest) ?? [rest]) };
}

function family(flags: string): readonly Setting[] {
  if (flags.includes('4')) return [{ key: 'addressfamily', words: ['inet'] }];
  return flags.includes('6') ? [{ key: 'addressfamily', words: ['inet6'] }] : [];
}

function refused(code: string, message: string): SshArgs {
  return { settings: [], problems: [{ code, message }] };
}
