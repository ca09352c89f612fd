import { chmodSync, closeSync, openSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { OrderRequest } from '../engine/judge-order.ts';
import type { Actor } from '../journal/event.ts';
import type { RunFolder } from '../journal/run-folder.ts';

export type Answer = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** An order is a line; what is longer is none. Characters. */
const LONGEST_LINE = 64 * 1024;
/** Longer paths do not fit a socket's address on Linux. Bytes, with room for the byte that ends it. */
const LONGEST_PATH = 107;
/** A process that does not answer for so long has other troubles. */
const PATIENCE_MS = 30_000;

/** Takes orders for a run, one line of JSON each, answered by one line, from whoever may open its folder. Gives a function that ends it. */
export async function listenForOrders(
  folder: RunFolder,
  answer: (request: OrderRequest) => Promise<Answer>,
): Promise<() => void> {
  const { path, close } = addressIn(folder);
  // The run is held by this process: who listened here before is dead.
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // Who connects and says nothing must not keep a run from ending.
    socket.unref().on('error', () => socket.destroy());
    converse(socket, answer).catch((error: unknown) => {
      const reason = `a fault in rollgate itself, by which the run goes on as if nothing had been said: ${String(error)}`;
      socket.end(`${JSON.stringify({ ok: false, reason })}\n`);
    });
  });
  await new Promise<void>((done, failed) => server.once('error', failed).listen(path, done));
  chmodSync(path, 0o600);
  server.on('error', () => {});
  return () => {
    server.close();
    forget(path);
    close();
  };
}

/** Where the disk is broken it stays: it harms nobody, and the run must come to its end. */
function forget(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

async function converse(socket: Socket, answer: (request: OrderRequest) => Promise<Answer>): Promise<void> {
  const line = await firstLine(socket);
  const request = line === undefined ? undefined : requestIn(line);
  const said: Answer =
    request === undefined ? { ok: false, reason: 'that is no order: give it by rollgate' } : await answer(request);
  socket.end(`${JSON.stringify(said)}\n`);
}

function requestIn(line: string): OrderRequest | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const { verb, host, task, reason, by } = value as Partial<Record<keyof OrderRequest, unknown>>;
    const { user, bastion, terminal } = by as Partial<Record<keyof Actor, unknown>>;
    const isText = (value: unknown) => typeof value === 'string';
    const isWhole =
      /^(pause|continue|abort|force|restart|skip)$/.test(String(verb)) &&
      [reason, user, bastion].every(isText) &&
      [host, task, terminal].every((value) => value === undefined || isText(value));
    return isWhole ? (value as OrderRequest) : undefined;
  } catch {
    return undefined;
  }
}

/** Gives an order to the process that runs the run; undefined when none listens there. */
export async function sendOrder(folder: RunFolder, request: OrderRequest): Promise<Answer | undefined> {
  const { path, close } = addressIn(folder);
  try {
    const socket = createConnection(path);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('the run does not answer')));
    const connected = await new Promise<boolean>((done) => {
      socket.once('connect', () => done(true)).once('error', () => done(false));
    });
    if (!connected) return undefined;
    socket.write(`${JSON.stringify(request)}\n`);
    const line = await firstLine(socket);
    socket.destroy();
    return line === undefined
      ? { ok: false, reason: 'the run ended before it answered: see `rollgate status` for what has become of it' }
      : (JSON.parse(line) as Answer);
  } finally {
    close();
  }
}

/** Undefined when the other side went away before it had said a line. */
function firstLine(socket: Socket): Promise<string | undefined> {
  let text = '';
  return new Promise((done) => {
    socket.on('data', (data) => {
      text += data;
      const end = text.indexOf('\n');
      if (end >= 0) done(text.slice(0, end));
      else if (text.length > LONGEST_LINE) socket.destroy();
    });
    socket
      .once('end', () => done(undefined))
      .once('error', () => done(undefined))
      .once('close', () => done(undefined));
  });
}

/** The socket's path; through the open folder where it would be too long. */
function addressIn(folder: RunFolder): { readonly path: string; readonly close: () => void } {
  const path = join(folder.path, 'control.sock');
  if (Buffer.byteLength(path) <= LONGEST_PATH) return { path, close: () => {} };
  const fd = openSync(folder.path, 'r');
  return { path: `/proc/self/fd/${fd}/control.sock`, close: () => closeSync(fd) };
}
