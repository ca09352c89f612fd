import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A registry on this machine, as Debian packages it. */
export interface Registry {
  readonly port: number;
  /** Puts an image that this machine's Docker has under a name there; its digest. */
  push(image: string, name: string): string;
  stop(): Promise<void>;
}

/** Why there can be none here, or undefined. Under CI there must be one. */
export function registryMissing(): string | undefined {
  if (existsSync('/usr/bin/docker-registry')) return undefined;
  const why = 'docker-registry is not installed: the tests with a registry are left out';
  if (process.env.CI) throw new Error(why);
  console.warn(why);
  return why;
}

export async function startRegistry(): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'rollgate-registry-'));
  const port = await freePort();
  const config = join(folder, 'config.json');
  const storage = { filesystem: { rootdirectory: join(folder, 'images') } };
  writeFileSync(config, JSON.stringify({ version: '0.1', storage, http: { addr: `:${port}` } }));
  const child = spawn('/usr/bin/docker-registry', ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(child);
  return {
    port,
    push: (image, name) => push(image, `127.0.0.1:${port}/${name}:pushed`),
    stop: async () => {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null) {
        child.kill();
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(child: ChildProcess): Promise<void> {
  if (child.stderr === null) throw new Error('no output');
  const said: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    said.push(line);
    if (line.includes('listening on')) {
      child.stderr.resume();
      return;
    }
  }
  throw new Error(`docker-registry did not begin to listen:\n${said.join('\n')}`);
}

function push(image: string, tag: string): string {
  const docker = (...args: readonly string[]) => execFileSync('docker', args, { encoding: 'utf8' });
  docker('tag', image, tag);
  try {
    return /digest: (sha256:[0-9a-f]{64})/.exec(docker('push', tag))?.[1] ?? '';
  } finally {
    docker('rmi', '--no-prune', tag);
  }
}
