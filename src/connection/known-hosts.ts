import { createHash, createHmac } from 'node:crypto';
import { matchesPatterns } from './pattern.ts';

/** One key of a known_hosts file. */
export interface KnownKey {
  readonly marker?: 'revoked' | 'cert-authority';
  readonly type: string;
  /** The key's bytes, in base64. */
  readonly key: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** The entries of known_hosts files, ready to be asked for a host. */
export interface KnownHosts {
  readonly plain: ReadonlyMap<string, readonly KnownKey[]>;
  readonly patterns: readonly { readonly patterns: readonly string[]; readonly entry: KnownKey }[];
  readonly hashed: readonly { readonly salt: Buffer; readonly hash: string; readonly entry: KnownKey }[];
}

/** What known_hosts says about a key that a host shows. */
export type Trust =
  | { readonly kind: 'known' }
  | { readonly kind: 'revoked'; readonly entry: KnownKey }
  /** The host is known, by other keys than this one. */
  | { readonly kind: 'changed'; readonly known: readonly KnownKey[] }
  /** `authority`: an entry that would vouch for a host certificate, were those supported. */
  | { readonly kind: 'unknown'; readonly authority?: KnownKey };

/** Reads known_hosts text; like OpenSSH, lines that are not entries are passed over. Later files come after earlier ones. */
export function parseKnownHosts(files: readonly { readonly file: string; readonly text: string }[]): KnownHosts {
  const found = { plain: new Map<string, KnownKey[]>(), patterns: [], hashed: [] } as Collected;
  for (const { file, text } of files) {
    text.split('\n').forEach((line, index) => {
      collect(found, line, file, index + 1);
    });
  }
  return found;
}

interface Collected {
  readonly plain: Map<string, KnownKey[]>;
  readonly patterns: { patterns: readonly string[]; entry: KnownKey }[];
  readonly hashed: { salt: Buffer; hash: string; entry: KnownKey }[];
}

const ENTRY = /^\s*(?:@(\S+)\s+)?([^#\s]\S*)\s+([a-z][^\s]*)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/;

function collect(found: Collected, text: string, file: string, line: number): void {
  const parts = ENTRY.exec(text);
  if (parts === null) return;
  const [, marker, names = '', type = '', key = ''] = parts;
  if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return;
  const entry: KnownKey = { type, key, file, line, ...(marker === undefined ? {} : { marker }) };
  for (const hashed of names.matchAll(/(?:^|,)\|1\|([^|,]+)\|([^|,]+)/g)) {
    found.hashed.push({ salt: Buffer.from(hashed[1] ?? '', 'base64'), hash: hashed[2] ?? '', entry });
  }
  const readable = names.split(',').filter((name) => name !== '' && !name.startsWith('|'));
  if (readable.some((name) => /[*?!]/.test(name))) found.patterns.push({ patterns: readable, entry });
  else for (const name of readable) add(found.plain, name.toLowerCase(), entry);
}

function add(plain: Map<string, KnownKey[]>, name: string, entry: KnownKey): void {
  const others = plain.get(name);
  if (others === undefined) plain.set(name, [entry]);
  else others.push(entry);
}

/** All entries under a name: `host`, or `[host]:port`. Names are compared in lower case. */
export function keysFor(known: KnownHosts, name: string): readonly KnownKey[] {
  const wanted = name.toLowerCase();
  const hashed = known.hashed.filter(
    ({ salt, hash }) => createHmac('sha1', salt).update(wanted).digest('base64') === hash,
  );
  const patterns = known.patterns.filter(({ patterns }) => matchesPatterns(patterns, wanted));
  return [
    ...(known.plain.get(wanted) ?? []),
    ...patterns.map((each) => each.entry),
    ...hashed.map((each) => each.entry),
  ];
}

/**
 * Judges a key by the host's entries. A host that is known by another type of key only counts as changed, unlike in
 * OpenSSH: whoever stands between us and it could otherwise have a key accepted just by choosing a new type.
 */
export function judge(entries: readonly KnownKey[], key: Uint8Array): Trust {
  const shown = Buffer.from(key).toString('base64');
  const revoked = entries.find((entry) => entry.marker === 'revoked' && entry.key === shown);
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked };
  const plain = entries.filter((entry) => entry.marker === undefined);
  if (plain.some((entry) => entry.key === shown)) return { kind: 'known' };
  if (plain.length > 0) return { kind: 'changed', known: plain };
  const authority = entries.find((entry) => entry.marker === 'cert-authority');
  return authority === undefined ? { kind: 'unknown' } : { kind: 'unknown', authority };
}

/** As `ssh-keygen -l` prints it: `SHA256:…`. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key's own bytes name: `ssh-ed25519`. */
export function keyType(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  return bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1');
}
