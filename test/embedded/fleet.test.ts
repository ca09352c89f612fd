import { readFile } from 'node:fs/promises';
import type { Client } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login, run } from './client.ts';
import type { EmbeddedHost } from './embedded-host.ts';
import { type Fleet, startFleet } from './fleet.ts';

let fleet: Fleet;
let client: Client;

const hosts = ['plain', 'asks', 'no-sftp', 'off', 'restless'] as const;

beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'plain', files: { '/etc/motd': 'welcome\n' } },
      { name: 'asks', sudoPassword: 'open sesame', loginPassword: 'letmein' },
      { name: 'no-sftp', sftp: false },
      { name: 'off', down: true },
      { name: 'restless' },
    ],
  });
  client = await login(fleet, host('plain'));
});

afterAll(async () => {
  client.end();
  await fleet.stop();
});

function host(name: (typeof hosts)[number]): EmbeddedHost {
  const found = fleet.hosts.get(name);
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
}

describe('a command on an embedded host', () => {
  it.each([
    ['its output', 'cat /etc/motd', '', { code: 0, stdout: 'welcome\n' }],
    ['its exit code', '/bin/sh -c "exit 3"', '', { code: 3, stdout: '' }],
    ['what is sent to it', 'tr a-z A-Z', 'hello', { code: 0, stdout: 'HELLO' }],
    ['text that is not ASCII', 'echo é', '', { code: 0, stdout: 'é\n' }],
    ['the user', 'id -un', '', { code: 0, stdout: 'operator\n' }],
    [
      'another user by sudo',
      `sudo -n -H -u root /bin/sh -c 'id -u; echo $HOME'`,
      '',
      { code: 0, stdout: '0\n/root\n' },
    ],
    [
      'the agent, seen in /proc',
      'read -r line < /proc/1001/stat; echo "${line%% S *}"',
      '',
      { code: 0, stdout: '1001 (mesos-slave)\n' },
    ],
    ['a trap at its end', "trap 'echo bye' EXIT; echo hi", '', { code: 0, stdout: 'hi\n' }],
  ])('gives %s', async (_, command, stdin, expected) => {
    const ran = await run(client, command, stdin);
    expect({ code: ran.code, stdout: ran.stdout.toString() }).toEqual(expected);
  });

  it('keeps bytes that are no text', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect((await run(client, 'cat', bytes)).stdout).toEqual(Buffer.from(bytes));
  });

  it('is recorded in order, with its exit code', async () => {
    const before = host('plain').commands.length;
    await run(client, 'true');
    await run(client, 'false');
    expect(host('plain').commands.slice(before)).toEqual([
      { text: 'true', exitCode: 0 },
      { text: 'false', exitCode: 1 },
    ]);
  });

  it('waits at a hold until it is released, while others go on', async () => {
    const hold = host('plain').hold(/important/);
    const held = run(client, 'echo important');
    expect(await hold.reached).toBe('echo important');
    expect((await run(client, 'echo other')).stdout.toString()).toBe('other\n');
    hold.release();
    expect((await held).stdout.toString()).toBe('important\n');
  });

  it('does nothing where its hold fails it', async () => {
    const hold = host('plain').hold(/touch/);
    const held = run(client, 'touch /tmp/never');
    await hold.reached;
    hold.fail(9);
    expect((await held).code).toBe(9);
    expect((await run(client, 'cat /tmp/never')).code).toBe(1);
  });

  it('can be found by its marker and killed', async () => {
    const hold = host('plain').hold(/forever/);
    const killed = run(client, 'env ROLLGATE_STEP=abc /bin/sh -c "while :; do sleep 1; done; echo forever"');
    await hold.reached;
    hold.release();
    const found =
      'for f in $(grep -lF ROLLGATE_STEP=abc /proc/[0-9]*/environ); do f=${f#/proc/}; kill -s TERM ${f%/environ}; done';
    // The marker is there once the command has begun; until then there is nothing to kill.
    await expect.poll(async () => (await run(client, 'grep -lF ROLLGATE_STEP=abc /proc/[0-9]*/environ')).code).toBe(0);
    await run(client, found);
    expect((await killed).signal).toBe('SIGTERM');
  });
});

describe('sudo with a password', () => {
  const become = 'sudo -H -S -p ask: -u root /bin/sh -c "id -un; cat"';

  it.each([
    ['the right one', 'open sesame\nthe rest', { code: 0, stdout: 'root\nthe rest' }],
    ['a wrong one', 'friend\n', { code: 1, stdout: '' }],
  ])('takes %s', async (_, stdin, expected) => {
    const other = await login(fleet, host('asks'), { password: 'letmein' });
    const ran = await run(other, become, stdin);
    expect({ code: ran.code, stdout: ran.stdout.toString() }).toEqual(expected);
    expect(ran.stderr).toContain('ask:');
    other.end();
  });
});

describe('an embedded host', () => {
  it('lets nobody in who has neither key nor password', async () => {
    await expect(login(fleet, host('asks'), { password: 'guess' })).rejects.toThrow(/authentication/i);
  });

  it('refuses TCP while it is down, and is itself again after that', async () => {
    await expect(login(fleet, host('off'))).rejects.toThrow(/ECONNREFUSED/);
    await host('off').accept();
    const other = await login(fleet, host('off'));
    expect((await run(other, 'echo up')).stdout.toString()).toBe('up\n');
    other.end();
  });

  it('cuts its connections: the command is lost, the host is not', async () => {
    const other = await login(fleet, host('restless'));
    const gone = new Promise<void>((resolve) => other.once('close', () => resolve()));
    other.on('error', () => {});
    const hold = host('restless').hold(/lost/);
    run(other, 'echo lost').catch(() => {});
    await hold.reached;
    host('restless').cut();
    await gone;
    hold.release();
    const again = await login(fleet, host('restless'));
    expect((await run(again, 'echo here')).stdout.toString()).toBe('here\n');
    again.end();
  });

  it('stands in known_hosts and in the inventory', async () => {
    expect(await readFile(fleet.knownHostsFile, 'utf8')).toContain(`[127.0.0.1]:${host('plain').port} ssh-ed25519 `);
    expect(await readFile(fleet.inventoryFile, 'utf8')).toContain(
      `plain ansible_host=127.0.0.1 ansible_port=${host('plain').port}`,
    );
  });
});

describe('SFTP', () => {
  it('writes with a mode, renames, reads back and removes', async () => {
    const sftp = await opened(client);
    const bytes = Buffer.from(Uint8Array.from({ length: 70_000 }, (_, at) => at));
    await done((answer) => sftp.writeFile('/tmp/new', bytes, { mode: 0o640, flag: 'wx' }, answer));
    await done((answer) => sftp.rename('/tmp/new', '/tmp/kept', answer));
    expect((await run(client, 'stat -c "%a %s" /tmp/kept; cat /tmp/new')).stdout.toString()).toBe('640 70000\n');
    const read = await new Promise<Buffer>((resolve, reject) =>
      sftp.readFile('/tmp/kept', (error, data) => (error ? reject(error) : resolve(data))),
    );
    expect(read.equals(bytes)).toBe(true);
    await done((answer) => sftp.unlink('/tmp/kept', answer));
    expect((await run(client, 'cat /tmp/kept')).code).toBe(1);
  });

  it('can be off', async () => {
    const other = await login(fleet, host('no-sftp'));
    await expect(opened(other)).rejects.toThrow();
    other.end();
  });
});

function opened(on: Client) {
  return new Promise<import('ssh2').SFTPWrapper>((resolve, reject) =>
    on.sftp((error, sftp) => (error ? reject(error) : resolve(sftp))),
  );
}

function done(work: (answer: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
}
