import { readEnvironmentFile } from './environment-file.ts';
import type { ChangedSetting } from './facts.ts';
import { printable } from './sections.ts';

/** Flags that bear on whether an agent takes its executors back, and after how long. */
const TOLD = [
  'recover',
  'strict',
  'recovery_timeout',
  'executor_registration_timeout',
  'executor_reregistration_timeout',
  'work_dir',
  'attributes',
  'resources',
  'hostname',
  'ip',
  'port',
  'master',
  'default_role',
  'isolation',
  'launcher',
  'containerizers',
  'systemd_enable_support',
];

/** What makes up the agent's info, or steers its recovery. */
const MUST_STAY = new Set([
  'attributes',
  'resources',
  'hostname',
  'port',
  'default_role',
  'work_dir',
  'recover',
  'strict',
]);

/** The flags of a running agent: its command line counts for more than its environment. What it says itself fills gaps. */
export function settingsOf(
  environment: ReadonlyMap<string, string>,
  argv: readonly string[],
  said: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const given = new Map([...Object.entries(said), ...fromEnvironment(environment), ...argv.flatMap(fromWord)]);
  return Object.fromEntries(TOLD.flatMap((name) => entry(name, given.get(name))));
}

function entry(name: string, value: string | undefined): readonly (readonly [string, string])[] {
  return value === undefined ? [] : [[name, value]];
}

function fromEnvironment(environment: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  const ours = [...environment].filter(([name]) => name.startsWith('MESOS_'));
  return ours.map(([name, value]) => [flagName(name), value]);
}

/** `--name=value`, `--name`, `--no-name`. */
function fromWord(word: string): readonly (readonly [string, string])[] {
  const [, no, name = '', value] = /^--(no-)?([a-z_]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (name === '') return [];
  return [[name, value ?? (no === undefined ? 'true' : 'false')]];
}

/**
 * What the next start would find otherwise than the last one did. Where a script starts the agent (`isScripted`), what
 * the unit's files do not set may come from there; else its lack counts, where it would make the agent refuse to recover.
 */
export function changedSettings(
  running: ReadonlyMap<string, string>,
  unitEnvironment: string,
  files: readonly string[],
  isScripted: boolean,
): readonly ChangedSetting[] {
  const onDisk = new Map([...words(unitEnvironment), ...files.flatMap((text) => [...readEnvironmentFile(text)])]);
  const names = [...new Set([...running.keys(), ...onDisk.keys()])].filter((name) => name.startsWith('MESOS_')).sort();
  return names.flatMap((name) => {
    const [now, next] = [running.get(name), onDisk.get(name)];
    if (now === next || (next === undefined && (isScripted || !mustStay(name)))) return [];
    return [
      {
        name,
        ...(now === undefined ? {} : { running: shownValue(name, now) }),
        ...(next === undefined ? {} : { onDisk: shownValue(name, next) }),
      },
    ];
  });
}

/** Some settings hold what nobody may read, such as a registry's password. */
function shownValue(name: string, value: string): string {
  return TOLD.includes(flagName(name)) ? printable(Buffer.from(value)) : '(not shown)';
}

function flagName(variable: string): string {
  return variable.slice('MESOS_'.length).toLowerCase();
}

function mustStay(name: string): boolean {
  return MUST_STAY.has(flagName(name));
}

/** `systemctl show -p Environment`: `A=b "C=d e"`. */
function words(text: string): readonly (readonly [string, string])[] {
  const found = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)];
  const plain = found.map(([, quoted, bare = '']) => quoted?.replace(/\\(.)/g, '$1') ?? bare);
  return plain.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]);
}
