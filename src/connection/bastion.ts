import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { connect, isIPv6 } from 'node:net';
import { createDigests, type Digest } from './digests.ts';
import { type HttpAnswer, type HttpQuestion, httpGet } from './http.ts';
import { deadline } from './waiting.ts';

/** What probes may do from the machine rollgate runs on. */
export interface Bastion {
  read(
    path: string,
  ): Promise<
    | { readonly ok: true; readonly bytes: Uint8Array; readonly mode: number }
    | { readonly ok: false; readonly why: string }
  >;
  digest(path: string, first?: number): Promise<Digest>;
  icmp(
    address: string,
    timeoutMs: number,
  ): Promise<{ readonly kind: 'alive' } | { readonly kind: 'silent' | 'no-tool'; readonly why: string }>;
  tcp(
    address: string,
    port: number,
    timeoutMs: number,
  ): Promise<{ readonly kind: 'open' } | { readonly kind: 'closed'; readonly why: string }>;
  http(question: HttpQuestion): Promise<HttpAnswer>;
}

/** The real one. `ping` is the name of the program to ask with; it is looked up in PATH. */
export function createBastion(ping = 'ping'): Bastion {
  return {
    read,
    digest: createDigests(),
    icmp: (address, timeoutMs) => icmp(ping, address, timeoutMs),
    tcp,
    http: httpGet,
  };
}

async function read(path: string): ReturnType<Bastion['read']> {
  try {
    const { mode } = await stat(path);
    return { ok: true, bytes: await readFile(path), mode: mode & 0o7777 };
  } catch (error) {
    return { ok: false, why: (error as Error).message };
  }
}

/** The flags that iputils, BusyBox and BSD share; the time limit is ours, since theirs differ. */
function icmp(ping: string, address: string, timeoutMs: number): ReturnType<Bastion['icmp']> {
  return new Promise((resolve) => {
    const family = isIPv6(address) ? ['-6'] : [];
    const child = spawn(ping, [...family, '-n', '-c', '1', address], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (text: Buffer): void => {
      said = `${said}${text.toString()}`.slice(-2000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const cancel = deadline(timeoutMs, () => {
      resolve({ kind: 'silent', why: `no ICMP echo from ${address} within ${timeoutMs} ms` });
      child.kill('SIGKILL');
    });
    child.once('error', (error) => {
      cancel();
      resolve({ kind: 'no-tool', why: `${ping} cannot be started here: ${error.message}` });
    });
    child.once('close', (code) => {
      cancel();
      resolve(code === 0 ? { kind: 'alive' } : unanswered(address, said, code));
    });
  });
}

/** A ping without the right to open a raw socket says nothing about the host. */
function unanswered(address: string, said: string, code: number | null): { kind: 'silent' | 'no-tool'; why: string } {
  const words = said.trim().split('\n').at(-1) ?? '';
  if (/not permitted|permission denied|are you root/i.test(said))
    return { kind: 'no-tool', why: `ping may not send here: ${words}` };
  if (code === 1 && /packet/.test(said)) return { kind: 'silent', why: `no ICMP echo from ${address}` };
  return { kind: 'silent', why: `no ICMP echo from ${address}: ${words}` };
}

function tcp(address: string, port: number, timeoutMs: number): ReturnType<Bastion['tcp']> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (result: Awaited<ReturnType<Bastion['tcp']>>): void => {
      cancel();
      socket.destroy();
      resolve(result);
    };
    const cancel = deadline(timeoutMs, () => end({ kind: 'closed', why: `no answer within ${timeoutMs} ms` }));
    socket.on('error', (error) => end({ kind: 'closed', why: error.message }));
    socket.once('connect', () => end({ kind: 'open' }));
  });
}
