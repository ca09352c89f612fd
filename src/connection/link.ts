import type { Client } from 'ssh2';
import { dial } from './dialing.ts';
import { shakeHands, type Trusted } from './handshake.ts';
import type { Hop } from './hop.ts';
import { pause } from './waiting.ts';

export type Opened = { readonly ok: true; readonly client: Client } | { readonly ok: false; readonly reason: string };

/** A login on one server, opened at the first use, shared by all who need it, opened again after it broke. */
export class Link {
  readonly #hop: Hop;
  readonly #before: Link | undefined;
  readonly #trusted: Trusted;
  readonly #random: () => number;
  readonly #clients = new Set<Client>();
  #opening: Promise<Opened> | undefined;
  #closed = false;
  #lastError = '';

  constructor(hop: Hop, before: Link | undefined, trusted: Trusted, random: () => number) {
    this.#hop = hop;
    this.#before = before;
    this.#trusted = trusted;
    this.#random = random;
  }

  get user(): string {
    return this.#hop.user;
  }

  /** Why the connection broke last, for people. */
  get lastError(): string {
    return this.#lastError;
  }

  open(): Promise<Opened> {
    if (this.#closed) return Promise.resolve({ ok: false, reason: `${this.#hop.label}: the run is over` });
    this.#opening ??= this.#persist().then((opened) => {
      if (opened.ok) this.#watch(opened.client);
      else this.#opening = undefined;
      return opened;
    });
    return this.#opening;
  }

  /** The next use opens anew, while what still runs on the old connection may go on. */
  setAside(): void {
    this.#opening = undefined;
    this.#before?.setAside();
  }

  /** This client turned out to be dead: the next use opens anew. */
  drop(client: Client): void {
    if (!this.#clients.delete(client)) return;
    client.destroy();
    this.#opening = undefined;
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.end();
    for (const client of this.#clients) client.destroy();
  }

  #watch(client: Client): void {
    const mine = this.#opening;
    this.#clients.add(client);
    client.on('error', (error: Error) => {
      this.#lastError =
        error.message === 'Keepalive timeout' ? 'the host no longer answers (no reply to 3 keepalives)' : error.message;
    });
    client.once('close', () => {
      this.#clients.delete(client);
      if (this.#opening === mine) this.#opening = undefined;
    });
    if (this.#closed) client.destroy();
  }

  /** sshd turns away those above its MaxStartups: wait and knock again. Nothing else gets better by repeating. */
  async #persist(): Promise<Opened> {
    for (let attempt = 1; ; attempt++) {
      const opened = await this.#once();
      if (opened.ok || !opened.again || this.#closed) return opened;
      if (attempt >= this.#hop.attempts) return { ok: false, reason: `${opened.reason} (tried ${attempt} times)` };
      await pause((0.5 + this.#random()) * Math.min(250 * 2 ** attempt, 4000));
    }
  }

  async #once(): Promise<Opened & { readonly again?: boolean }> {
    const before = await this.#before?.open();
    if (before?.ok === false) return { ok: false, reason: `jump host ${before.reason}` };
    const dialled = await dial(this.#hop, before?.client);
    if (!dialled.ok) return { ...dialled, reason: `${this.#hop.label}: ${dialled.reason}` };
    const shaken = await shakeHands(this.#hop, dialled.stream, this.#trusted);
    if (shaken.ok) return shaken;
    dialled.stream.destroy();
    const said = await dialled.complaint();
    return said === '' ? shaken : { ...shaken, reason: `${shaken.reason}; the proxy command said: ${said}` };
  }
}
