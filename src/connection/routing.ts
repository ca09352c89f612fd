import { join } from 'node:path';
import type { SshTarget } from './connection.ts';
import type { Route } from './hop.ts';
import { expandHome, hopOf, type Named, valueIn } from './hop-settings.ts';
import { refusals } from './keywords.ts';
import type { ConnectionOptions, Problem } from './options.ts';
import { readSshArgs, type SshArgs } from './ssh-args.ts';
import { readSshConfig, type Setting, type SshConfig, settingsFor } from './ssh-config.ts';

/** A server as asked for, before ssh_config has its say: a target, or one jump on the way. */
interface Wanted extends Named {
  readonly args?: string;
  /** Beats everything else, as Ansible's variables do. */
  readonly fixed: readonly Setting[];
  readonly configFile?: string | undefined;
  /** The jumps before this one, when a jump list already says them. */
  readonly jumps?: readonly string[];
}

/** Finds ways to hosts. Every config file, and every text of SSH arguments, is read once. */
export interface Routing {
  to(target: SshTarget): Route;
}

const DEEPEST = 16;

export function createRouting(options: ConnectionOptions): Routing {
  const read = new Map<string, SshConfig>();
  const args = new Map<string, SshArgs>();
  const config = (file: string): SshConfig => {
    const known = read.get(file) ?? readSshConfig(file, options.home);
    read.set(file, known);
    return known;
  };
  const argsIn = (text: string): SshArgs => {
    const known = args.get(text) ?? readSshArgs(text);
    args.set(text, known);
    return known;
  };
  return { to: (target) => routeTo({ options, config, argsIn }, wantedOf(target), 0) };
}

interface World {
  readonly options: ConnectionOptions;
  readonly config: (file: string) => SshConfig;
  readonly argsIn: (text: string) => SshArgs;
}

function wantedOf(target: SshTarget): Wanted {
  const { name, address, port, user, privateKeyFile, sshArgs } = target;
  const fixed: Setting[] = [
    ...(port === undefined ? [] : [{ key: 'port', words: [String(port)] }]),
    ...(user === undefined ? [] : [{ key: 'user', words: [user] }]),
    ...(privateKeyFile === undefined ? [] : [{ key: 'identityfile', words: [privateKeyFile] }]),
  ];
  return { name, address, fixed, target, ...(sshArgs === undefined ? {} : { args: sshArgs }) };
}

function routeTo(world: World, wanted: Wanted, depth: number): Route {
  if (depth > DEEPEST) {
    return {
      ok: false,
      problems: [
        {
          code: 'ssh-jump-loop',
          message: `${wanted.name}: more than ${DEEPEST} jumps; does a ProxyJump lead back to itself?`,
        },
      ],
    };
  }
  const args: SshArgs = wanted.args === undefined ? { settings: [], problems: [] } : world.argsIn(wanted.args);
  const configFile = args.configFile ?? wanted.configFile;
  const settings = allSettings(world, wanted, args, configFile);
  const configs = configsOf(world, configFile);
  const problems = [
    ...args.problems,
    ...configs.flatMap((each) => each.problems),
    ...refusals(settings),
    ...badValues(settings),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const hop = hopOf(world.options, wanted, settings);
  const jumps = hop.proxyCommand === undefined ? (wanted.jumps ?? jumpsOf(settings)) : [];
  const before = routeOver(world, jumps, configFile, depth);
  return before.ok ? { ok: true, hops: [...before.hops, hop] } : before;
}

function routeOver(world: World, jumps: readonly string[], configFile: string | undefined, depth: number): Route {
  const last = jumps.at(-1);
  if (last === undefined) return { ok: true, hops: [] };
  const parts = /^(?:ssh:\/\/)?(?:(.*)@)?(?:\[([^\]]+)\]|([^:@]+))(?::(\d+))?$/.exec(last);
  const address = parts?.[2] ?? parts?.[3];
  if (parts === null || address === undefined) {
    return {
      ok: false,
      problems: [{ code: 'ssh-jump', message: `ProxyJump ${last} is not of the form user@host:port` }],
    };
  }
  const fixed = [
    ...(parts[1] === undefined ? [] : [{ key: 'user', words: [parts[1]] }]),
    ...(parts[4] === undefined ? [] : [{ key: 'port', words: [parts[4]] }]),
  ];
  const earlier = jumps.slice(0, -1);
  const wanted: Wanted = {
    name: address,
    address,
    fixed,
    configFile,
    ...(earlier.length > 0 ? { jumps: earlier } : {}),
  };
  return routeTo(world, wanted, depth + 1);
}

function configsOf({ options, config }: World, chosen: string | undefined): readonly SshConfig[] {
  const file = chosen ?? options.sshConfigFile;
  if (file?.toLowerCase() === 'none') return [];
  if (file !== undefined) return [config(expandHome(file, options.home))];
  return [config(join(options.home, '.ssh/config')), config('/etc/ssh/ssh_config')];
}

function allSettings(world: World, wanted: Wanted, args: SshArgs, file: string | undefined): readonly Setting[] {
  const first = [...wanted.fixed, ...args.settings];
  const asked = { original: wanted.address, user: valueIn(first, 'user'), localUser: world.options.localUser };
  return [...first, ...settingsFor(configsOf(world, file), asked)];
}

function jumpsOf(settings: readonly Setting[]): readonly string[] {
  const jump = valueIn(settings, 'proxyjump');
  return jump === undefined || jump.toLowerCase() === 'none' ? [] : jump.split(',').map((each) => each.trim());
}

const FORMS: Readonly<Record<string, RegExp>> = {
  port: /^\d{1,5}$/,
  connecttimeout: /^\d+$|^none$/i,
  connectionattempts: /^\d+$/,
  stricthostkeychecking: /^(yes|true|ask|accept-new|no|false|off)$/i,
  addressfamily: /^(any|inet|inet6)$/i,
};

function badValues(settings: readonly Setting[]): readonly Problem[] {
  return settings.flatMap(({ key, words, place }) => {
    const form = FORMS[key];
    if (words.length > 0 && words[0] !== '' && (form === undefined || form.test(words[0] ?? ''))) return [];
    const message = `the SSH option ${key} cannot be ${JSON.stringify(words.join(' '))}`;
    return [{ code: 'ssh-option-value', message, ...(place === undefined ? {} : { place }) }];
  });
}
