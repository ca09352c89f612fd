import type { Client } from 'ssh2';
import type { Link } from './link.ts';
import { pause } from './waiting.ts';

export type Session<C> =
  | { readonly ok: true; readonly channel: C }
  /** `refused`: the host is there, but does not do this (SFTP off). */
  | {
      readonly ok: false;
      readonly kind: 'unreachable' | 'lost' | 'aborted';
      readonly reason: string;
      readonly refused?: boolean;
    };

interface Closing {
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Opens sessions on a link. sshd allows ten at once on a connection (MaxSessions) and refuses more: those wait here until
 * another one has ended.
 */
export class Sessions {
  readonly #link: Link;
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  async open<C extends Closing>(
    ask: (client: Client, answer: (error: Error | undefined, channel: C) => void) => unknown,
    abort?: AbortSignal,
  ): Promise<Session<C>> {
    for (let idle = 0, broken = 0; ; ) {
      if (abort?.aborted) return { ok: false, kind: 'aborted', reason: 'aborted before it was sent' };
      const opened = await orAborted(this.#link.open(), abort);
      if (opened === undefined) continue;
      if (!opened.ok) return { ok: false, kind: 'unreachable', reason: opened.reason };
      const asked = await this.#ask(opened.client, ask);
      if ('channel' in asked) return { ok: true, channel: asked.channel };
      // The library keeps the channel of a refused subsystem open for good: where it may be the only one, start over.
      if (asked.why === 'refused' && this.#open === 0) this.#link.drop(opened.client);
      if (asked.why === 'gone' && ++broken < 3) this.#link.drop(opened.client);
      else if (asked.why === 'full' && this.#open > 0) await this.#turn(abort);
      else if (asked.why === 'full' && ++idle < 5) await pause(100 * idle);
      else
        return {
          ok: false,
          kind: asked.why === 'unclear' ? 'lost' : 'unreachable',
          reason: asked.reason,
          refused: asked.why === 'refused',
        };
    }
  }

  #ask<C extends Closing>(
    client: Client,
    ask: (client: Client, answer: (error: Error | undefined, channel: C) => void) => unknown,
  ): Promise<
    { readonly channel: C } | { readonly why: 'full' | 'gone' | 'unclear' | 'refused'; readonly reason: string }
  > {
    return new Promise((resolve) => {
      try {
        ask(client, (error, channel) => {
          if (error) return resolve(whyNot(error));
          this.#open++;
          channel.once('close', () => this.#ended());
          resolve({ channel });
        });
      } catch (error) {
        resolve({ why: 'gone', reason: (error as Error).message });
      }
    });
  }

  #ended(): void {
    this.#open--;
    this.#waiting.shift()?.();
  }

  #turn(abort: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        abort?.removeEventListener('abort', go);
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve();
      };
      this.#waiting.push(go);
      abort?.addEventListener('abort', go, { once: true });
    });
  }
}

/** `unclear`: the connection broke between the request and its answer, so the command may have been started. */
function whyNot(error: Error): { readonly why: 'full' | 'gone' | 'unclear' | 'refused'; readonly reason: string } {
  const reason = error.message.replace('(SSH) ', '');
  if (/Not connected/i.test(reason)) return { why: 'gone', reason };
  if (/No response from server|closed unexpectedly/i.test(reason))
    return { why: 'unclear', reason: 'the connection broke while the command was sent' };
  if (/Channel open failure/i.test(reason))
    return { why: 'full', reason: `the host opens no session (${reason.replace('Channel open failure: ', '')})` };
  return { why: 'refused', reason: `the host refused it: ${reason}` };
}

/** Opening may take its time; whoever gives up need not wait for it. */
function orAborted<V>(promise: Promise<V>, abort: AbortSignal | undefined): Promise<V | undefined> {
  if (abort === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(undefined);
    abort.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => abort.removeEventListener('abort', leave));
  });
}
