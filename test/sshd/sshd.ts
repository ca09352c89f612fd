import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A real OpenSSH server for tests and the bench. It listens on every loopback address: 127.0.0.1 to 127.255.255.254. */
export interface Sshd {
  readonly address: string;
  readonly port: number;
  /** Everything it made lies here and goes with it: keys, configuration, known_hosts. */
  readonly folder: string;
  /** A known_hosts file with its ed25519 key for all of loopback. */
  readonly knownHosts: string;
  /** The private key file that opens it. */
  readonly clientKey: string;
  /** The public host keys' files, by type: ed25519, rsa, ecdsa. */
  readonly hostKey: (type: HostKeyType) => string;
  /** The user that the tests run as, whom it lets in. */
  readonly user: string;
  /** What it logged so far. */
  readonly log: () => string;
  /** Ends every connection at once, as a crash would, and goes on listening. */
  cut(): void;
  stop(): Promise<void>;
}

export type HostKeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface SshdOptions {
  /** Lines of sshd_config that come first, and so win: `MaxSessions 2`, `AllowTcpForwarding no`. */
  readonly config?: readonly string[];
  /** Host keys to show. Absent: ed25519 alone. */
  readonly hostKeys?: readonly HostKeyType[];
  /** The SFTP subsystem. Absent: there. */
  readonly sftp?: boolean;
  /** Users whose keys are let in besides the tests' own. */
  readonly users?: readonly string[];
}

const SSHD = ['/usr/sbin/sshd', '/usr/bin/sshd', '/usr/local/sbin/sshd'].find(existsSync);

/**
 * Why there can be no sshd here, or undefined. Under CI it must be there: a test left out in silence tests nothing.
 * Usage: `describe.skipIf(sshdMissing())('…')`.
 */
export function sshdMissing(): string | undefined {
  return missing(SSHD === undefined ? 'OpenSSH sshd is not installed: the tests against it are left out' : undefined);
}

/** Why there can be no temporary users here, or undefined. */
export function rootMissing(): string | undefined {
  const able = process.getuid?.() === 0 && existsSync('/usr/sbin/useradd') && existsSync('/usr/bin/sudo');
  return (
    sshdMissing() ??
    missing(able ? undefined : 'not root, or no useradd or sudo here: the tests with users of their own are left out')
  );
}

/** Under CI a test may not be left out; elsewhere it says so. */
export function missing(why: string | undefined): string | undefined {
  if (why === undefined) return undefined;
  if (process.env.CI) throw new Error(why);
  console.warn(why);
  return why;
}

/** Starts sshd on a free port and resolves when it listens. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  if (SSHD === undefined) throw new Error('OpenSSH sshd is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'rollgate-sshd-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'home'), { mode: 0o1777 });
  chmodSync(join(folder, 'home'), 0o1777);
  const port = await freePort();
  const types = options.hostKeys ?? ['ed25519'];
  for (const type of types) generate(join(folder, `host_${type}`), type);
  generate(join(folder, 'client'), 'ed25519');
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(
    knownHosts,
    types
      .slice(0, 1)
      .map((type) => knownLine(folder, type, port))
      .join(''),
  );
  writeFileSync(join(folder, 'sshd_config'), configuration(folder, port, types, options));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const server = await listening(
    spawn(SSHD, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] }),
  );
  const orphaned = (): void => void server.child.kill();
  process.once('exit', orphaned);
  return {
    address: '127.0.0.1',
    port,
    folder,
    knownHosts,
    clientKey: join(folder, 'client'),
    hostKey: (type) => join(folder, `host_${type}.pub`),
    user: userInfo().username,
    log: server.log,
    cut: () => killChildren(server.child),
    stop: async () => {
      process.off('exit', orphaned);
      killChildren(server.child);
      await ended(server.child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function knownLine(folder: string, type: HostKeyType, port: number): string {
  return `[127.*]:${port} ${readFileSync(join(folder, `host_${type}.pub`), 'utf8')
    .split(' ')
    .slice(0, 2)
    .join(' ')}\n`;
}

function configuration(
  folder: string,
  port: number,
  types: readonly HostKeyType[],
  { config, sftp, users }: SshdOptions,
): string {
  return [
    ...(config ?? []),
    `ListenAddress 0.0.0.0:${port}`,
    ...types.map((type) => `HostKey ${folder}/host_${type}`),
    `AuthorizedKeysFile ${folder}/client.pub`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'MaxStartups 200',
    'LogLevel VERBOSE',
    // An empty home: what a developer's own profile does at each login is none of a test's business.
    `SetEnv HOME=${folder}/home`,
    ...(sftp === false ? [] : ['Subsystem sftp internal-sftp']),
    `AllowUsers ${[userInfo().username, ...(users ?? [])].join(' ')}`,
    '',
  ].join('\n');
}

/** Makes a key pair: `path` and `path.pub`. */
export function generate(path: string, type: HostKeyType, passphrase = ''): void {
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    type,
    ...(type === 'rsa' ? ['-b', '2048'] : []),
    '-N',
    passphrase,
    '-C',
    'test',
    '-f',
    path,
  ]);
}

async function listening(child: ChildProcess): Promise<{ readonly child: ChildProcess; readonly log: () => string }> {
  const lines: string[] = [];
  if (child.stderr === null) throw new Error('sshd has no stderr');
  const reader = createInterface(child.stderr);
  reader.on('line', (line) => lines.push(line));
  const log = (): string => lines.join('\n');
  const ready = new Promise<void>((resolve) => {
    reader.on('line', (line) => line.includes('Server listening') && resolve());
  });
  const failed = once(child, 'exit').then(() => Promise.reject(new Error(`sshd did not start:\n${log()}`)));
  failed.catch(() => {});
  await Promise.race([ready, failed]);
  return { child, log };
}

/** The processes that serve its connections: children of the listener, and theirs. */
/** Its processes, down to those that serve one connection each, but not the commands that these run. */
function killChildren(child: ChildProcess): void {
  if (child.pid === undefined) return;
  for (const pid of serversBelow(child.pid)) kill(pid);
}

/** Without root, sshd serves a connection by two processes, one below the other, and both hold it open. */
function serversBelow(pid: number): readonly number[] {
  const children = contentOf(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((text) => text !== '')
    .map(Number)
    .filter((below) => contentOf(`/proc/${below}/comm`).startsWith('sshd'));
  return children.flatMap((below) => [below, ...serversBelow(below)]);
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A user of this machine for one test file, with a password, sudoers lines (`USER` stands for its name), a login shell. */
export interface TemporaryUser {
  readonly name: string;
  readonly password: string;
  remove(): void;
}

/** Needs root. The same name may be used again after `remove`. */
export function addUser(
  options: { readonly sudoers?: readonly string[]; readonly shell?: string } = {},
): TemporaryUser {
  const name = `rg${process.pid}x${++counter}`;
  const password = `pw-${name}`;
  const sudoers = `/etc/sudoers.d/${name}`;
  execFileSync('useradd', ['-M', '-d', '/tmp', '-s', options.shell ?? '/bin/sh', name]);
  execFileSync('chpasswd', { input: `${name}:${password}\n` });
  if (options.sudoers)
    writeFileSync(sudoers, `${options.sudoers.join('\n').replaceAll('USER', name)}\n`, { mode: 0o440 });
  return {
    name,
    password,
    remove: () => {
      rmSync(sudoers, { force: true });
      execFileSync('userdel', ['-f', name], { stdio: 'ignore' });
    },
  };
}

let counter = 0;
