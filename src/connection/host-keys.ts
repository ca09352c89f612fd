import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { Hop } from './hop.ts';
import {
  fingerprint,
  judge,
  type KnownHosts,
  type KnownKey,
  keysFor,
  keyType,
  parseKnownHosts,
} from './known-hosts.ts';

/** Whether hosts are who they should be, by the known_hosts files; a file is read once for a run. */
export interface HostKeys {
  /** The key algorithms to offer, those first that we know a key of: a host known by its RSA key must not seem new. */
  algorithms(hop: Hop): readonly ServerHostKeyAlgorithm[];
  /** Why the key that a host shows is not to be trusted, in words for the operator; undefined: it is. */
  refuse(hop: Hop, key: Uint8Array): string | undefined;
}

const OFFERED: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

export function createHostKeys(warn: (message: string) => void): HostKeys {
  const read = new Map<string, KnownHosts>();
  const found = new Map<string, readonly KnownKey[]>();
  const entries = (hop: Hop, name: string): readonly KnownKey[] => {
    const at = [...hop.knownHostsFiles, name].join('\0');
    const known = found.get(at) ?? keysFor(fileContents(read, hop.knownHostsFiles), name);
    found.set(at, known);
    return known;
  };
  const accept = (hop: Hop, key: Uint8Array): string | undefined => {
    const refused = append(hop, key);
    read.clear();
    found.clear();
    if (refused === undefined)
      warn(`${hop.label}: its ${keyType(key)} key ${fingerprint(key)} was new and is now in ${hop.knownHostsFiles[0]}`);
    return refused;
  };
  return {
    algorithms: (hop) => preferring(entriesOf(hop, entries)),
    refuse: (hop, key) => refuse(hop, key, entries, accept),
  };
}

type Entries = (hop: Hop, name: string) => readonly KnownKey[];

function entriesOf(hop: Hop, entries: Entries): readonly KnownKey[] {
  const own = entries(hop, hop.knownAs);
  return own.length > 0 || hop.alsoKnownAs === undefined ? own : entries(hop, hop.alsoKnownAs);
}

function fileContents(read: Map<string, KnownHosts>, files: readonly string[]): KnownHosts {
  const key = files.join('\0');
  const known = read.get(key) ?? parseKnownHosts(files.map((file) => ({ file, text: textOf(file) })));
  read.set(key, known);
  return known;
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function preferring(known: readonly KnownKey[]): readonly ServerHostKeyAlgorithm[] {
  const types = new Set(known.filter(({ marker }) => marker === undefined).map(({ type }) => type));
  const has = (algorithm: string): boolean => types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...OFFERED.filter(has), ...OFFERED.filter((algorithm) => !has(algorithm))];
}

function refuse(
  hop: Hop,
  key: Uint8Array,
  entries: Entries,
  accept: (hop: Hop, key: Uint8Array) => string | undefined,
): string | undefined {
  if (hop.hostKeyChecking === 'off') return undefined;
  const trust = judge(entries(hop, hop.knownAs), key);
  switch (trust.kind) {
    case 'known':
      return undefined;
    case 'revoked':
      return `its host key ${fingerprint(key)} is marked @revoked in ${placeOf(trust.entry)}: do not trust this host`;
    case 'changed':
      return changed(hop, key, trust.known);
    case 'unknown': {
      const other = hop.alsoKnownAs === undefined ? [] : entries(hop, hop.alsoKnownAs);
      if (judge(other, key).kind === 'known') return undefined;
      if (hop.hostKeyChecking === 'accept-new') return accept(hop, key);
      return unknown(hop, key, trust.authority);
    }
  }
}

function changed(hop: Hop, key: Uint8Array, known: readonly KnownKey[]): string {
  const type = keyType(key);
  const same = known.filter((entry) => entry.type === type);
  const expected = (same.length > 0 ? same : known)
    .map((entry) => `${entry.type} ${fingerprint(Buffer.from(entry.key, 'base64'))} (${placeOf(entry)})`)
    .join(', ');
  return [
    `its host key has changed: it shows ${type} ${fingerprint(key)}, known_hosts has ${expected}`,
    `somebody may stand between us and it, or it was installed anew; if you know why, remove the old key: ssh-keygen -R ${shellWord(hop.knownAs)}${forFile(same[0] ?? known[0])}`,
  ].join('; ');
}

function forFile(entry: KnownKey | undefined): string {
  return entry === undefined ? '' : ` -f ${entry.file}`;
}

function unknown(hop: Hop, key: Uint8Array, authority: KnownKey | undefined): string {
  const vouched =
    authority === undefined
      ? ''
      : `; ${placeOf(authority)} names a @cert-authority for it, but host certificates are not supported: add the host's own key`;
  const line = `${hop.knownAs} ${keyType(key)} ${Buffer.from(key).toString('base64')}`;
  return `its host key is not known: it shows ${keyType(key)} ${fingerprint(key)}; compare that with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub there), then: echo '${line}' >> ${hop.knownHostsFiles[0] ?? '~/.ssh/known_hosts'}${vouched}`;
}

function shellWord(name: string): string {
  return name.startsWith('[') ? `'${name}'` : name;
}

function placeOf({ file, line }: KnownKey): string {
  return `${file}:${line}`;
}

/** One write of one whole line: two runs that learn keys at the same moment must not tear each other's lines. */
function append(hop: Hop, key: Uint8Array): string | undefined {
  const [file] = hop.knownHostsFiles;
  if (file === undefined) return 'its host key is new, and there is no known_hosts file to add it to';
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const fresh = !existsSync(file);
    const torn = !fresh && /[^\n]$/.test(readFileSync(file, 'utf8'));
    appendFileSync(file, `${torn ? '\n' : ''}${hop.knownAs} ${keyType(key)} ${Buffer.from(key).toString('base64')}\n`, {
      mode: 0o600,
    });
    if (fresh) chmodSync(file, 0o600);
    return undefined;
  } catch (error) {
    return `its host key is new and cannot be added to ${file}: ${(error as Error).message}`;
  }
}
