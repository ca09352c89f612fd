import { hostname } from 'node:os';
import { join } from 'node:path';
import type { SshTarget } from './connection.ts';
import type { Hop, Method } from './hop.ts';
import type { ConnectionOptions, HostKeyChecking } from './options.ts';
import type { Setting } from './ssh-config.ts';

/** A server as asked for: its name for people, its address as given, and the target whose secrets are for it. */
export interface Named {
  readonly name: string;
  readonly address: string;
  readonly target?: SshTarget;
}

/** Everything needed to log in at a server, from the settings that apply to it, the first of a keyword winning. */
export function hopOf(options: ConnectionOptions, wanted: Named, settings: readonly Setting[]): Hop {
  const user = valueIn(settings, 'user') ?? options.localUser;
  const port = Number(valueIn(settings, 'port') ?? 22);
  const address = (valueIn(settings, 'hostname') ?? '%h').replace(/%[h%]/g, (token) =>
    token === '%h' ? wanted.address : '%',
  );
  const alias = valueIn(settings, 'hostkeyalias');
  const tokens = tokensOf(options, { original: wanted.address, address, port, user, alias });
  const expand = (text: string): string => expandAll(text, tokens, options);
  const { target } = wanted;
  return {
    label: wanted.name === address ? address : `${wanted.name} (${address})`,
    address,
    port,
    user,
    ...(target?.password === undefined ? {} : { password: target.password }),
    ...(target?.privateKeyPassphrase === undefined ? {} : { passphrase: target.privateKeyPassphrase }),
    ...names(address, port, alias),
    hostKeyChecking: options.hostKeyChecking ?? checkingOf(valueIn(settings, 'stricthostkeychecking')),
    knownHostsFiles: knownHostsOf(options, settings).map(expand),
    ...identitiesOf(options, settings, expand),
    methods: methodsOf(settings),
    timeoutMs: timeoutOf(options, settings),
    attempts: options.connectAttempts ?? Math.max(6, Number(valueIn(settings, 'connectionattempts') ?? 1)),
    ...proxyOf(settings, expand),
    ...originOf(settings),
  };
}

function names(address: string, port: number, alias: string | undefined): Pick<Hop, 'knownAs' | 'alsoKnownAs'> {
  const name = address.toLowerCase();
  if (alias !== undefined) return { knownAs: alias };
  return port === 22 ? { knownAs: name } : { knownAs: `[${name}]:${port}`, alsoKnownAs: name };
}

function checkingOf(value: string | undefined): HostKeyChecking {
  const said = value?.toLowerCase();
  if (said === 'accept-new') return 'accept-new';
  return said === 'no' || said === 'off' || said === 'false' ? 'off' : 'strict';
}

function knownHostsOf(options: ConnectionOptions, settings: readonly Setting[]): readonly string[] {
  if (options.knownHostsFiles !== undefined) return options.knownHostsFiles;
  const own = wordsIn(settings, 'userknownhostsfile') ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
  const shared = wordsIn(settings, 'globalknownhostsfile') ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
  return [...own, ...shared].filter((file) => file.toLowerCase() !== 'none');
}

const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'];

function identitiesOf(
  options: ConnectionOptions,
  settings: readonly Setting[],
  expand: (text: string) => string,
): Pick<Hop, 'identityFiles' | 'identitiesOnly' | 'agent'> {
  const named = settings.filter(({ key }) => key === 'identityfile').map(({ words }) => words.join(' '));
  const files = named.length > 0 ? named : DEFAULT_KEYS.map((name) => `~/.ssh/${name}`);
  const agent = agentOf(options, valueIn(settings, 'identityagent'), expand);
  return {
    identityFiles: [...new Set(files.filter((file) => file.toLowerCase() !== 'none').map(expand))].map((path) => ({
      path,
      named: named.length > 0,
    })),
    identitiesOnly: valueIn(settings, 'identitiesonly')?.toLowerCase() === 'yes',
    ...(agent === undefined ? {} : { agent }),
  };
}

function agentOf(
  options: ConnectionOptions,
  said: string | undefined,
  expand: (text: string) => string,
): string | undefined {
  if (said?.toLowerCase() === 'none') return undefined;
  if (said === undefined || said === 'SSH_AUTH_SOCK') return options.env.SSH_AUTH_SOCK || undefined;
  return said.startsWith('$') && !said.startsWith('${') ? options.env[said.slice(1)] : expand(said);
}

const METHODS: readonly Method[] = ['publickey', 'keyboard-interactive', 'password'];

function methodsOf(settings: readonly Setting[]): readonly Method[] {
  const preferred = valueIn(settings, 'preferredauthentications')?.split(',');
  const ordered =
    preferred === undefined
      ? METHODS
      : METHODS.filter((method) => preferred.includes(method)).sort(
          (a, b) => preferred.indexOf(a) - preferred.indexOf(b),
        );
  const off = (key: string): boolean => valueIn(settings, key)?.toLowerCase() === 'no';
  const dropped: Readonly<Record<Method, boolean>> = {
    publickey: off('pubkeyauthentication'),
    password: off('passwordauthentication'),
    'keyboard-interactive': off('kbdinteractiveauthentication') || off('challengeresponseauthentication'),
  };
  return ordered.filter((method) => !dropped[method]);
}

function timeoutOf(options: ConnectionOptions, settings: readonly Setting[]): number {
  const said = Number(valueIn(settings, 'connecttimeout') ?? Number.NaN);
  return options.connectTimeoutMs ?? (said > 0 ? said * 1000 : 10_000);
}

function proxyOf(settings: readonly Setting[], expand: (text: string) => string): Pick<Hop, 'proxyCommand'> {
  const at = settings.findIndex(({ key }) => key === 'proxycommand' || key === 'proxyjump');
  const setting = settings[at];
  if (setting?.key !== 'proxycommand' || setting.words.join(' ').toLowerCase() === 'none') return {};
  return { proxyCommand: expand(commandText(setting)) };
}

/** A proxy command is shell text: as written, quotes included. */
function commandText({ words, place }: Setting): string {
  const written = /^\s*\w+\s*=?\s*(.*?)\s*$/s.exec(place?.excerpt ?? '')?.[1];
  return written ?? words.join(' ');
}

function originOf(settings: readonly Setting[]): Pick<Hop, 'localAddress' | 'family'> {
  const localAddress = valueIn(settings, 'bindaddress');
  const family = valueIn(settings, 'addressfamily')?.toLowerCase();
  return {
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(family === 'inet' ? { family: 4 as const } : family === 'inet6' ? { family: 6 as const } : {}),
  };
}

interface Known {
  readonly original: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly alias: string | undefined;
}

function tokensOf(options: ConnectionOptions, known: Known): Readonly<Record<string, string>> {
  const local = hostname();
  return {
    '%': '%',
    h: known.address,
    n: known.original,
    p: String(known.port),
    r: known.user,
    u: options.localUser,
    d: options.home,
    l: local,
    L: local.split('.')[0] ?? local,
    k: known.alias ?? known.original,
    i: String(process.getuid?.() ?? 0),
  };
}

function expandAll(text: string, tokens: Readonly<Record<string, string>>, options: ConnectionOptions): string {
  const expanded = text
    .replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole)
    .replace(/\$\{(\w+)\}/g, (_, name: string) => options.env[name] ?? '');
  return expandHome(expanded, options.home);
}

/** `~` and `~/…`. */
export function expandHome(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;
}

/** The first value of a keyword. */
export function valueIn(settings: readonly Setting[], key: string): string | undefined {
  return settings.find((setting) => setting.key === key)?.words[0];
}

function wordsIn(settings: readonly Setting[], key: string): readonly string[] | undefined {
  return settings.find((setting) => setting.key === key)?.words;
}
