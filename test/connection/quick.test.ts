import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Server } from 'ssh2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createConnections } from '../../src/connection/connections.ts';
import { Secret, shellText } from '../../src/shell/script.ts';

/** A server that says everything about a command in one breath: that it began, its output, its exit code, its end. */
const hostKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const server = new Server({ hostKeys: [hostKey.privateKey] }, (client) => {
  client.on('error', () => {});
  client.on('authentication', (context) => context.accept());
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec) => {
      const channel = acceptExec();
      channel.write('said at once\n');
      channel.stderr.write('and this\n');
      channel.exit(7);
      channel.end();
      channel.close();
    });
  });
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

it('a command that is over before anybody had a turn keeps its output and its exit code', async () => {
  const { port } = server.address() as AddressInfo;
  const options = {
    hostKeyChecking: 'off' as const,
    sshConfigFile: 'none',
    home: '/nonexistent',
    localUser: 'me',
    env: {},
    random: () => 0.5,
    warn: () => {},
  };
  const connections = createConnections(options);
  const connection = connections.to({
    kind: 'ssh',
    name: 'quick',
    address: '127.0.0.1',
    port,
    user: 'me',
    password: new Secret('any'),
  });
  for (let round = 0; round < 20; round++) {
    const outcome = await connection.run(shellText('true'), {});
    expect({
      ...outcome,
      stdout: String(Buffer.from(outcome.stdout)),
      stderr: String(Buffer.from(outcome.stderr)),
    }).toEqual({ kind: 'exited', code: 7, stdout: 'said at once\n', stderr: 'and this\n' });
  }
  await connections.close();
});
