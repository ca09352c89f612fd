import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createBastion } from '../../src/connection/bastion.ts';
import { createConnections } from '../../src/connection/connections.ts';
import { Secret, sh, shellText } from '../../src/shell/script.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollgate-local-'));
const all = createConnections({
  home: folder,
  localUser: 'me',
  env: { PATH: process.env.PATH },
  random: () => 0,
  warn: () => {},
});
const here = all.to({ kind: 'local' });
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

afterAll(async () => {
  await all.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('this machine as a host', () => {
  it('runs commands as other hosts do', async () => {
    const outcome = await here.run(shellText('cat; echo "$A"; pwd; echo e >&2; exit 3'), {
      stdin: Buffer.from('in\n'),
      environment: { A: new Secret('a b') },
      chdir: sh`/usr`,
    });
    expect(outcome).toMatchObject({ kind: 'exited', code: 3 });
    expect([text(outcome.stdout), text(outcome.stderr)]).toEqual(['in\na b\n/usr\n', 'e\n']);
  });

  it('tells signals from exit codes', async () => {
    expect(await here.run(shellText('kill -9 $$'), {})).toMatchObject({ kind: 'signalled', signal: 'SIGKILL' });
  });

  it('leaves nothing running after a timeout', async () => {
    const mark = `867${process.pid}`;
    expect(
      await here.run(shellText(`(sleep ${mark} &); trap "" TERM; sleep ${mark}; sleep ${mark}`), { timeoutMs: 300 }),
    ).toMatchObject({ kind: 'timed_out', left: '' });
    const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line === `sleep ${mark}`);
    expect(running).toEqual([]);
  });

  it('does not wait for what stays in the background', async () => {
    const outcome = await here.run(shellText('sleep 86406 & echo $!'), {});
    expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
    process.kill(Number(text(outcome.stdout)));
  });

  it('copies files, with their mode', async () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    const path = join(folder, 'a file');
    expect(await here.upload(bytes, path, { mode: 0o640 })).toEqual({ kind: 'done' });
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(await here.download(path, `${path}2`, {})).toEqual({ kind: 'done' });
    expect(readFileSync(`${path}2`)).toEqual(bytes);
    expect(await here.upload({ file: process.execPath }, `${path}3`, { mode: 0o600 })).toEqual({ kind: 'done' });
    expect(await here.download(`${path}3`, `${path}4`, {})).toEqual({ kind: 'done' });
    execFileSync('cmp', [process.execPath, `${path}4`]);
  });
});

describe('what probes ask from here', () => {
  const bastion = createBastion();

  it('reads files', async () => {
    expect(await bastion.read('/not/here')).toMatchObject({ ok: false, why: expect.stringContaining('ENOENT') });
    expect(await bastion.read(process.execPath)).toMatchObject({ ok: true });
  });

  it('knocks at a port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await bastion.tcp('127.0.0.1', port, 5000)).toEqual({ kind: 'open' });
    server.close();
    await once(server, 'close');
    expect(await bastion.tcp('127.0.0.1', port, 5000)).toMatchObject({
      kind: 'closed',
      why: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('says when there is no ping', async () => {
    expect(await createBastion('no-such-ping').icmp('127.0.0.1', 1000)).toMatchObject({ kind: 'no-tool' });
  });

  it('takes the answer of whatever ping there is', async () => {
    const ping = join(folder, 'ping');
    const answers = async (script: string): Promise<string> => {
      await here.upload(Buffer.from(`#!/bin/sh\n${script}\n`), ping, { mode: 0o755 });
      return (await createBastion(ping).icmp('192.0.2.1', 5000)).kind;
    };
    expect(await answers('exit 0')).toBe('alive');
    expect(await answers('echo "1 packets transmitted, 0 received"; exit 1')).toBe('silent');
    expect(await answers('echo "ping: socket: Operation not permitted" >&2; exit 2')).toBe('no-tool');
  });
});
