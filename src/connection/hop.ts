import type { Secret } from '../shell/script.ts';
import type { HostKeyChecking, Problem } from './options.ts';

export type Method = 'publickey' | 'keyboard-interactive' | 'password';

/** One SSH server on the way to a host, the host itself included, with all that is needed to log in there. */
export interface Hop {
  /** For messages: the inventory's name, and the address where it differs. */
  readonly label: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password?: Secret;
  readonly passphrase?: Secret;
  /** The name its key stands under in known_hosts: HostKeyAlias, `host`, or `[host]:port`. */
  readonly knownAs: string;
  /** A second name whose key is good too: the host without its port, as in OpenSSH. */
  readonly alsoKnownAs?: string;
  readonly hostKeyChecking: HostKeyChecking;
  readonly knownHostsFiles: readonly string[];
  /** In the order to be tried. `named`: somebody asked for this file, so its absence is worth telling. */
  readonly identityFiles: readonly { readonly path: string; readonly named: boolean }[];
  readonly identitiesOnly: boolean;
  /** The agent's socket. */
  readonly agent?: string;
  readonly methods: readonly Method[];
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly proxyCommand?: string;
  readonly localAddress?: string;
  readonly family?: 4 | 6;
}

/** The way to a host: every jump, then the host. */
export type Route =
  | { readonly ok: true; readonly hops: readonly Hop[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };
