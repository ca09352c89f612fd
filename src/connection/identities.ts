import { readFileSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import type { Secret } from '../shell/script.ts';

export type LoadedKey =
  | { readonly kind: 'key'; readonly key: ParsedKey }
  | { readonly kind: 'absent' }
  /** Encrypted without a passphrase, and the like. `publicKey` from the `.pub` beside it: an agent may hold the rest. */
  | { readonly kind: 'unusable'; readonly why: string };

/** Private keys and agents. Each is read once for a run: decrypting a key costs a good tenth of a second of CPU. */
export interface Identities {
  load(path: string, passphrase?: Secret): LoadedKey;
  /** The bytes of the public half, from the key or the `.pub` beside it. */
  publicHalf(path: string): Buffer | undefined;
  agentKeys(socket: string): Promise<readonly ParsedKey[]>;
}

export function createIdentities(): Identities {
  const loaded = new Map<string, LoadedKey>();
  const halves = new Map<string, Buffer | undefined>();
  const agents = new Map<string, Promise<readonly ParsedKey[]>>();
  return {
    load: (path, passphrase) =>
      remember(loaded, `${path}\0${passphrase?.reveal() ?? ''}`, () => loadKey(path, passphrase)),
    publicHalf: (path) => remember(halves, path, () => publicHalf(path)),
    agentKeys: (socket) => remember(agents, socket, () => askAgent(socket)),
  };
}

function remember<V>(known: Map<string, V>, key: string, make: () => V): V {
  const there = known.get(key);
  if (there !== undefined || known.has(key)) return there as V;
  const made = make();
  known.set(key, made);
  return made;
}

function loadKey(path: string, passphrase: Secret | undefined): LoadedKey {
  let text: Buffer;
  try {
    text = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { kind: 'absent' } : { kind: 'unusable', why: message };
  }
  const parsed = ssh2.utils.parseKey(text, passphrase?.reveal());
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined) return { kind: 'unusable', why: 'holds no key' };
  if (key instanceof Error) return { kind: 'unusable', why: unusable(key.message, passphrase !== undefined) };
  return key.isPrivateKey() ? { kind: 'key', key } : { kind: 'unusable', why: 'is a public key, not a private one' };
}

function unusable(message: string, withPassphrase: boolean): string {
  if (/no passphrase/i.test(message))
    return 'is encrypted, and no passphrase was given; load it into an ssh-agent, or give the passphrase';
  if (/Unsupported.*sk-|sk-ssh|sk-ecdsa/i.test(message))
    return 'is a hardware key, which is only supported through an ssh-agent';
  if (withPassphrase && /integrity|decrypt|passphrase/i.test(message))
    return 'cannot be decrypted with the passphrase given';
  return `cannot be read: ${message}`;
}

function publicHalf(path: string): Buffer | undefined {
  for (const file of [`${path}.pub`, path]) {
    try {
      const parsed = ssh2.utils.parseKey(readFileSync(file));
      const key = Array.isArray(parsed) ? parsed[0] : parsed;
      if (key !== undefined && !(key instanceof Error)) return key.getPublicSSH();
    } catch {}
  }
  return undefined;
}

function askAgent(socket: string): Promise<readonly ParsedKey[]> {
  return new Promise((resolve) => {
    ssh2.createAgent(socket).getIdentities((error, keys) => {
      if (error || keys === undefined) resolve([]);
      else resolve(keys.flatMap((each) => (isParsed(each) ? [each] : [])));
    });
  });
}

function isParsed(key: unknown): key is ParsedKey {
  return typeof key === 'object' && key !== null && 'getPublicSSH' in key;
}
