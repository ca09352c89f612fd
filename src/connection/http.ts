import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { Secret } from '../shell/script.ts';
import { deadline } from './waiting.ts';

/** What is asked of a server. Redirects are not followed: where to send a token is for the caller to say. */
export interface HttpQuestion {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | Secret>>;
  /** Certificates to trust instead of the system's, in PEM. */
  readonly ca?: Uint8Array;
  readonly timeoutMs: number;
}

export type HttpAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly location?: string; readonly body: string }
  | { readonly kind: 'silent'; readonly why: string };

/** Longer answers are not listened to. Bytes. */
const LONGEST_BODY = 16 * 1024 * 1024;

/** One GET over a connection of its own. Never throws, and says nothing of the headers. */
export function httpGet({ url, headers, ca, timeoutMs }: HttpQuestion): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const request = url.startsWith('https:') ? secure : plain;
    const asked = request(url, {
      agent: false,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, revealed(value)])),
      ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
    });
    const end = (answer: HttpAnswer): void => {
      cancel();
      resolve(answer);
      asked.destroy();
    };
    const cancel = deadline(timeoutMs, () => end({ kind: 'silent', why: `no answer within ${timeoutMs / 1000} s` }));
    asked.on('error', (error) => end({ kind: 'silent', why: error.message }));
    asked.once('response', (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes > LONGEST_BODY) end({ kind: 'silent', why: `its answer is longer than ${LONGEST_BODY} bytes` });
      });
      response.once('error', (error) => end({ kind: 'silent', why: error.message }));
      response.once('end', () => {
        const { location } = response.headers;
        const body = Buffer.concat(pieces).toString('utf8');
        end({
          kind: 'answered',
          status: response.statusCode ?? 0,
          ...(location === undefined ? {} : { location }),
          body,
        });
      });
    });
    asked.end();
  });
}

function revealed(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}
