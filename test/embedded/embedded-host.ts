import { type AddressInfo, createServer, type Socket, type Server as TcpServer } from 'node:net';
import ssh2, { type AuthContext, type Connection } from 'ssh2';
import { layOut } from './execution.ts';
import { Held, type Hold } from './hold.ts';
import { serveSession } from './session.ts';
import type { SimulatedHost } from './simulated/host.ts';

export interface Keys {
  readonly hostKey: string;
  readonly clientKey: string;
  readonly user: string;
}

/** Something that was executed, as it came over the wire. */
export interface Executed {
  readonly text: string;
  /** Absent while it runs, and where it ended by a signal or a cut. */
  exitCode?: number;
}

/** A simulated host behind a real SSH server. */
export class EmbeddedHost {
  readonly name: string;
  readonly address = '127.0.0.1';
  readonly state: SimulatedHost;
  readonly #commands: Executed[] = [];
  readonly #holds: Held[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #ssh: ssh2.Server;
  #tcp: TcpServer;
  #port = 0;

  static async start(state: SimulatedHost, keys: Keys): Promise<EmbeddedHost> {
    layOut(state);
    const host = new EmbeddedHost(state, keys);
    await host.accept();
    if (state.spec.down === true) await host.refuse();
    return host;
  }

  private constructor(state: SimulatedHost, keys: Keys) {
    this.name = state.spec.name;
    this.state = state;
    this.#ssh = new ssh2.Server({ hostKeys: [keys.hostKey] }, (client) => this.#serve(client, keys));
    this.#tcp = this.#listener();
  }

  get port(): number {
    return this.#port;
  }

  /** Everything executed, in order. */
  get commands(): readonly Executed[] {
    return this.#commands;
  }

  /** The next command whose text matches waits, before it does anything, until it is released or failed. */
  hold(match: RegExp): Hold {
    const held = new Held(match);
    this.#holds.push(held);
    return held;
  }

  /** Drops all connections at once; what runs goes on, as on a real host. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Stops listening, and drops all connections: the host is down. */
  async refuse(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    this.cut();
    await closed;
  }

  /** Listens again, on the same port. */
  async accept(): Promise<void> {
    if (this.#tcp.listening) return;
    this.#tcp = this.#listener();
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen(this.#port, this.address, resolve);
    });
    this.#port = (this.#tcp.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const held of this.#holds) held.release();
    await this.refuse();
  }

  #listener(): TcpServer {
    return createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
      this.#ssh.injectSocket(socket);
    });
  }

  #serve(client: Connection, keys: Keys): void {
    client.on('error', () => {});
    client.on('authentication', (context) => {
      if (admits(context, keys, this.state)) context.accept();
      else context.reject(['publickey', 'password']);
    });
    client.on('session', (accept) => {
      serveSession(accept(), { state: this.state, user: keys.user, begin: (text) => this.#begin(text) });
    });
  }

  async #begin(text: string): Promise<{ readonly done: (exitCode: number) => void; readonly failWith?: number }> {
    const executed: Executed = { text };
    this.#commands.push(executed);
    const done = (exitCode: number) => {
      executed.exitCode = exitCode;
    };
    const index = this.#holds.findIndex((held) => held.match.test(text));
    const held = index < 0 ? undefined : this.#holds.splice(index, 1)[0];
    const failWith = await held?.wait(text);
    return failWith === undefined ? { done } : { done, failWith };
  }
}

function admits(context: AuthContext, keys: Keys, { spec }: SimulatedHost): boolean {
  if (context.username !== keys.user && context.username !== 'root') return false;
  if (context.method === 'password') return spec.loginPassword !== undefined && context.password === spec.loginPassword;
  if (context.method !== 'publickey') return false;
  const allowed = ssh2.utils.parseKey(keys.clientKey);
  if (allowed instanceof Error || !allowed.getPublicSSH().equals(context.key.data)) return false;
  const { signature, blob } = context;
  return signature === undefined || blob === undefined || allowed.verify(blob, signature, context.hashAlgo) === true;
}
