import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listenForOrders, sendOrder } from '../../src/commands/control-socket.ts';
import { runFolderOf } from '../../src/journal/run-folder.ts';
import { folderWith } from './terminal.ts';

const REQUEST = { verb: 'pause', reason: 'because', by: { user: 'ada', bastion: 'bastion' } } as const;

function runIn(stateDir: string) {
  const folder = runFolderOf(stateDir, '20261121T071500Z-7f3a');
  mkdirSync(folder.path, { recursive: true });
  return { folder, file: join(folder.path, 'control.sock') };
}

it.each([
  ['a short path', ''],
  ['a path that is too long for a socket', 'x'.repeat(150)],
])('carries an order and its answer over %s', async (_, name) => {
  const { folder, file } = runIn(join(folderWith({}), name));
  // Left behind by a process that was killed.
  writeFileSync(file, '');
  const taken: unknown[] = [];
  const close = await listenForOrders(folder, async (request) => {
    taken.push(request);
    return { ok: false, reason: 'no' };
  });
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  expect(await sendOrder(folder, REQUEST)).toEqual({ ok: false, reason: 'no' });
  expect(taken).toEqual([REQUEST]);
  close();
  expect(existsSync(file)).toBe(false);
  expect(await sendOrder(folder, REQUEST)).toBeUndefined();
});

it.each([
  'rm -rf /\n',
  '{"verb":"rm","reason":"x","by":{}}\n',
  '{"verb":"pause"}\n',
  'null\n',
  '[]\n',
  '{"verb":"pause","reason":"x","by":null}\n',
  '{"verb":"skip","host":1,"reason":"x","by":{"user":"a","bastion":"b"}}\n',
])('answers %j that it is no order', async (line) => {
  const { folder, file } = runIn(folderWith({}));
  const close = await listenForOrders(folder, () => Promise.reject(new Error('it came through')));
  const socket = createConnection(file);
  socket.write(line);
  const answer = await new Promise<string>((done) => socket.once('data', (data) => done(String(data))));
  expect(JSON.parse(answer)).toEqual({ ok: false, reason: 'that is no order: give it by rollgate' });
  socket.destroy();
  close();
});

it('is not held up by somebody who connects and says nothing, or goes away', async () => {
  const { folder, file } = runIn(folderWith({}));
  const close = await listenForOrders(folder, async () => ({ ok: true }));
  const silent = createConnection(file);
  await new Promise((done) => silent.once('connect', done));
  const gone = createConnection(file);
  gone.write('{"ver');
  await new Promise((done) => gone.once('connect', done));
  gone.destroy();
  expect(await sendOrder(folder, REQUEST)).toEqual({ ok: true });
  silent.destroy();
  close();
});

it('answers that something is wrong with rollgate, and lives on', async () => {
  const { folder } = runIn(folderWith({}));
  const close = await listenForOrders(folder, () => Promise.reject(new Error('a bug')));
  const broken = { ok: false, reason: expect.stringContaining('a fault in rollgate itself') };
  expect(await sendOrder(folder, REQUEST)).toEqual(broken);
  expect(await sendOrder(folder, REQUEST)).toEqual(broken);
  close();
});
