import { readFileSync } from 'node:fs';
import { Client } from 'ssh2';
import type { EmbeddedHost } from './embedded-host.ts';
import { type Fleet, USER } from './fleet.ts';

export interface Ran {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A plain SSH login on an embedded host, without anything of rollgate's. */
export function login(fleet: Fleet, host: EmbeddedHost, options: { readonly password?: string } = {}): Promise<Client> {
  const { password } = options;
  const client = new Client();
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client)).on('error', reject);
    client.connect({
      host: host.address,
      port: host.port,
      username: USER,
      ...(password === undefined ? { privateKey: readFileSync(fleet.keyFile) } : { password }),
    });
    client.setNoDelay(true);
  });
}

/** `undefined` for both: the connection went away first. */
export function run(client: Client, command: string, stdin: Uint8Array | string = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const stdout: Buffer[] = [];
      let stderr = '';
      channel.on('data', (chunk: Buffer) => stdout.push(chunk));
      channel.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      channel.on('close', (code?: number | null, signal?: string) => {
        resolve({ code: code ?? undefined, signal, stdout: Buffer.concat(stdout), stderr });
      });
      channel.end(Buffer.from(stdin));
    });
  });
}
