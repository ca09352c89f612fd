import { createHash, randomBytes } from 'node:crypto';
import type { Transferred } from '../shell/outcome.ts';
import type { Secret } from '../shell/script.ts';
import { appendByShell } from './append-transfer.ts';
import type { Connection, Connections, SshTarget, Target } from './connection.ts';
import type { Hop, Route } from './hop.ts';
import { createHostKeys } from './host-keys.ts';
import { createIdentities } from './identities.ts';
import { Link } from './link.ts';
import { localLauncher } from './local-process.ts';
import type { ConnectionOptions, Problem } from './options.ts';
import { createRouting } from './routing.ts';
import { Runner } from './running.ts';
import { Sessions } from './sessions.ts';
import { downloadBySftp, type SftpResult, uploadBySftp } from './sftp-transfer.ts';
import { downloadByShell, uploadByShell } from './shell-transfer.ts';
import { sshLauncher } from './ssh-launcher.ts';

/** Connections by ssh2 and, for `ansible_connection: local`, none at all. */
export interface CheckedConnections extends Connections {
  /** What in ssh_config or in SSH arguments keeps a target from being connected to. Reads files; connects to nothing. */
  problems(target: Target): readonly Problem[];
  /**
   * One text for one machine, whatever it is called in inventories and ssh_config: address and port of every server on
   * the way. Undefined for this machine, and where there is no way.
   */
  machine(target: Target): string | undefined;
}

/** Opens nothing yet. Every file (ssh_config, keys, known_hosts) is read at the first need, once. */
export function createConnections(options: ConnectionOptions): CheckedConnections {
  const trusted = { hostKeys: createHostKeys(options.warn), identities: createIdentities() };
  const routing = createRouting(options);
  const routes = new Map<string, Route>();
  const routeTo = (target: SshTarget): Route => {
    // Reasons name the target.
    const key = `${target.name} ${keyOf(target)}`;
    const route = routes.get(key) ?? routing.to(target);
    routes.set(key, route);
    return route;
  };
  const links = new Map<string, Link>();
  const connections = new Map<string, Connection>();
  const linkTo = (hops: readonly Hop[]): Link | undefined => {
    const hop = hops.at(-1);
    if (hop === undefined) return undefined;
    const key = identityOf(hops);
    const link = links.get(key) ?? new Link(hop, linkTo(hops.slice(0, -1)), trusted, options.random);
    links.set(key, link);
    return link;
  };
  const make = (target: Target): Connection => {
    if (target.kind === 'local') return byShell(new Runner(localLauncher(options.env)));
    const route = routeTo(target);
    if (!route.ok) return misdirected(target, route.problems);
    const link = linkTo(route.hops);
    return link === undefined ? misdirected(target, []) : overSsh(link);
  };
  return {
    to: (target) => {
      const key = keyOf(target);
      const connection = connections.get(key) ?? make(target);
      connections.set(key, connection);
      return connection;
    },
    reach: (target) => {
      const route = target.kind === 'local' ? undefined : routeTo(target);
      const [hop, ...behind] = route?.ok === true ? route.hops : [];
      const isDirect = hop !== undefined && behind.length === 0 && hop.proxyCommand === undefined;
      return isDirect ? { address: hop.address, port: hop.port } : undefined;
    },
    problems: (target) => {
      const route = target.kind === 'local' ? undefined : routeTo(target);
      return route === undefined || route.ok ? [] : route.problems;
    },
    machine: (target) => {
      const route = target.kind === 'local' ? undefined : routeTo(target);
      return route?.ok === true ? route.hops.map(({ address, port }) => `${address}:${port}`).join(' ') : undefined;
    },
    close: async () => {
      for (const link of [...links.values()].reverse()) link.close();
    },
  };
}

/** All that distinguishes one target from another; the name is for people only. Secrets stay out of the key. */
function keyOf(target: Target): string {
  if (target.kind === 'local') return 'local';
  const { address, port, user, privateKeyFile, sshArgs, password, privateKeyPassphrase } = target;
  return JSON.stringify([address, port, user, privateKeyFile, sshArgs, digest(password), digest(privateKeyPassphrase)]);
}

function identityOf(hops: readonly Hop[]): string {
  return JSON.stringify(
    hops.map(({ label: _, ...hop }) => ({
      ...hop,
      password: digest(hop.password),
      passphrase: digest(hop.passphrase),
    })),
  );
}

function digest(secret: Secret | undefined): string {
  return secret === undefined ? '' : createHash('sha256').update(secret.reveal()).digest('base64');
}

function fresh(): string {
  return randomBytes(6).toString('hex');
}

function byShell(runner: Runner): Connection {
  return {
    run: (script, options) => runner.run(script, options),
    upload: (from, path, options) => uploadByShell(runner, from, path, options, fresh()),
    append: (from, path, options) => appendByShell(runner, from, path, options),
    download: (path, to, options) => downloadByShell(runner, path, to, options, fresh()),
  };
}

/** SFTP, where the host has it and no other user is asked for; else the shell. */
function overSsh(link: Link): Connection {
  const sessions = new Sessions(link);
  const runner = new Runner(sshLauncher(link, sessions));
  const shell = byShell(runner);
  let sftp = true;
  const preferSftp = async (
    asUser: string | undefined,
    bySftp: () => Promise<SftpResult>,
    otherwise: () => Promise<Transferred>,
  ): Promise<Transferred> => {
    if (!sftp || (asUser !== undefined && asUser !== link.user)) return otherwise();
    const result = await bySftp();
    if (result.kind !== 'no-sftp' && result.kind !== 'unsized') return result;
    if (result.kind === 'no-sftp') sftp = false;
    return otherwise();
  };
  return {
    run: shell.run,
    append: shell.append,
    upload: (from, path, options) =>
      preferSftp(
        options.become?.user,
        () => uploadBySftp(sessions, from, path, options, fresh()),
        () => shell.upload(from, path, options),
      ),
    download: (path, to, options) =>
      preferSftp(
        options.become?.user,
        () => downloadBySftp(sessions, path, to, options, fresh()),
        () => shell.download(path, to, options),
      ),
  };
}

/** A target that ssh_config or its SSH arguments make impossible: unreachable, with every reason. */
function misdirected(target: SshTarget, problems: readonly Problem[]): Connection {
  const why = problems.map(({ message, place }) =>
    place === undefined ? message : `${place.file}:${place.line}: ${message}`,
  );
  const reason = `${target.name}: ${why.join('; ')}`;
  const failed = { kind: 'unreachable' as const, reason };
  const nothing = new Uint8Array();
  return {
    run: async () => ({ ...failed, stdout: nothing, stderr: nothing }),
    upload: async () => failed,
    append: async () => failed,
    download: async () => failed,
  };
}
