import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Hop } from './hop.ts';
import { deadline, within } from './waiting.ts';

/** A stream to a server's SSH port; `again`: worth another try, as sshd refuses those above its MaxStartups. */
export type Dialled =
  | { readonly ok: true; readonly stream: Duplex; readonly complaint: () => Promise<string> }
  | { readonly ok: false; readonly reason: string; readonly again: boolean };

const SILENT = (): Promise<string> => Promise.resolve('');

/** Opens a stream to a hop: through the hop before it, by its proxy command, or straight. */
export function dial(hop: Hop, through: Client | undefined): Promise<Dialled> {
  if (hop.proxyCommand !== undefined) return Promise.resolve(byCommand(hop.proxyCommand));
  return through === undefined ? straight(hop) : forwarded(hop, through);
}

function straight(hop: Hop): Promise<Dialled> {
  const { address: host, port, localAddress, family } = hop;
  const socket = connect({
    host,
    port,
    noDelay: true,
    ...(localAddress ? { localAddress } : {}),
    ...(family ? { family } : {}),
  });
  return new Promise((resolve) => {
    const cancel = deadline(hop.timeoutMs, () => {
      socket.destroy();
      resolve({
        ok: false,
        again: false,
        reason: `no TCP connection to ${host} port ${port} within ${hop.timeoutMs / 1000} s`,
      });
    });
    const failed = (error: NodeJS.ErrnoException): void => {
      cancel();
      resolve({ ok: false, again: AGAIN.has(error.code ?? ''), reason: explain(error, hop) });
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      cancel();
      socket.off('error', failed);
      resolve({ ok: true, stream: quiet(socket), complaint: SILENT });
    });
  });
}

const AGAIN = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there, or it takes no more connections',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved just now (DNS does not answer)',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no answer (TCP timeout)',
};

function explain(error: NodeJS.ErrnoException, { address, port }: Hop): string {
  return `${address} port ${port}: ${REASONS[error.code ?? ''] ?? error.message}`;
}

function forwarded(hop: Hop, through: Client): Promise<Dialled> {
  return new Promise((resolve) => {
    const cancel = deadline(hop.timeoutMs, () =>
      resolve({
        ok: false,
        again: false,
        reason: `the jump host opened no connection to ${hop.address} port ${hop.port} within ${hop.timeoutMs / 1000} s`,
      }),
    );
    const answer = (error: Error | undefined, stream: Duplex): void => {
      cancel();
      if (!error) {
        resolve({ ok: true, stream: quiet(stream), complaint: SILENT });
        return;
      }
      const reason = `the jump host cannot connect to ${hop.address} port ${hop.port}: ${error.message.replace('(SSH) Channel open failure: ', '')}`;
      resolve({ ok: false, again: /refused|reset/i.test(error.message), reason });
    };
    try {
      through.forwardOut('127.0.0.1', 0, hop.address, hop.port, answer);
    } catch (error) {
      answer(error as Error, undefined as never);
    }
  });
}

/** For a proxy command to say why it failed, and to end by itself. */
const LAST_WORDS_MS = 500;

/** The operator's proxy command, its two pipes as one stream; what it says on stderr explains a failure. */
function byCommand(command: string): Dialled {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr.on('data', (bytes: Buffer) => said.length < 16 && said.push(bytes));
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.once('close', () => deadline(LAST_WORDS_MS, () => child.kill()));
  child.once('error', (error) => stream.destroy(error));
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const complaint = async (): Promise<string> => {
    await within(LAST_WORDS_MS, over);
    return Buffer.concat(said).toString().trim();
  };
  return { ok: true, stream: quiet(stream), complaint };
}

/** A stream may fail before and after somebody listens; an unheard error would end the process. */
function quiet<S extends Duplex | Socket>(stream: S): S {
  stream.on('error', () => {});
  return stream;
}
