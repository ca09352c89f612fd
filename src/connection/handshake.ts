import type { Duplex } from 'node:stream';
import type { Client, ClientErrorExtensions } from 'ssh2';
import ssh2 from 'ssh2';
import { createLogin } from './authentication.ts';
import type { Hop } from './hop.ts';
import type { HostKeys } from './host-keys.ts';
import type { Identities } from './identities.ts';
import { deadline } from './waiting.ts';

export type Shaken =
  | { readonly ok: true; readonly client: Client }
  | { readonly ok: false; readonly reason: string; readonly again: boolean };

export interface Trusted {
  readonly hostKeys: HostKeys;
  readonly identities: Identities;
}

/** Counted from the last answer. Three unanswered: the host, or the way to it, is gone. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** Cheapest first on machines with AES in hardware, which all bastions of interest are. */
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

type Phase = 'banner' | 'keys' | 'login';

const LATE: Readonly<Record<Phase, string>> = {
  banner: 'it accepts TCP connections, but sent no SSH banner',
  keys: 'the key exchange did not come to its end',
  login: 'the login was not answered',
};

const BROKEN: Readonly<Record<Phase, string>> = {
  banner: 'closed the connection before its SSH banner',
  keys: 'closed the connection during the key exchange',
  login: 'closed the connection during the login',
};

/** Speaks SSH on a stream until logged in. Every phase has the hop's timeout, from the last sign of life. */
export async function shakeHands(hop: Hop, stream: Duplex, trusted: Trusted): Promise<Shaken> {
  const login = await createLogin(hop, trusted.identities);
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    let phase: Phase = 'banner';
    let refused: string | undefined;
    let cancel = (): void => {};
    let ended = false;
    const end = (result: Shaken): void => {
      if (ended) return;
      ended = true;
      cancel();
      if (!result.ok) client.destroy();
      resolve(result);
    };
    const fail = (reason: string, again = false): void => end({ ok: false, reason: `${hop.label}: ${reason}`, again });
    const enter = (next: Phase): void => {
      if (ended) return;
      phase = next;
      cancel();
      cancel = deadline(hop.timeoutMs, () => fail(`${LATE[phase]} within ${hop.timeoutMs / 1000} s`));
    };
    const broken = (why: string): void => {
      if (refused !== undefined) fail(refused);
      else fail(BROKEN[phase] + tail(why), phase !== 'login');
    };
    const turnedAway = (why: string): void => fail(`cannot log in as ${hop.user}: ${login.tried()}${tail(why)}`);
    enter('banner');
    client.on('handshake', () => enter('login'));
    client.on('change password', () => fail(`the password of ${hop.user} has expired, and the host wants a new one`));
    client.once('ready', () => end({ ok: true, client }));
    client.on('error', (error: Error & ClientErrorExtensions) => {
      if (error.level === 'agent') return;
      if (isDisagreement(error)) fail(`no common algorithms: ${error.message}`);
      else if (error.level === 'client-authentication') turnedAway('');
      else if (phase === 'login' && 'code' in error && typeof error.code === 'number') turnedAway(error.message);
      else broken(error.message);
    });
    client.once('close', () => broken(''));
    client.connect({
      sock: stream,
      username: hop.user,
      readyTimeout: 0,
      ...KEEPALIVE,
      algorithms: { cipher: [...CIPHERS], compress: ['none'], serverHostKey: [...trusted.hostKeys.algorithms(hop)] },
      hostVerifier: (key: Buffer) => {
        refused = trusted.hostKeys.refuse(hop, key);
        return refused === undefined;
      },
      authHandler: (left, partial, go) => {
        enter('login');
        login.next(left, partial, (method) => (method === false ? turnedAway('') : go(method)));
      },
    });
    stream.once('data', () => phase === 'banner' && enter('keys'));
  });
}

function tail(why: string): string {
  return why === '' || why === 'Connection lost before handshake' ? '' : ` (${why})`;
}

function isDisagreement(error: Error): boolean {
  return /no matching/i.test(error.message);
}
