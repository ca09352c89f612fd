import { isIPv6 } from 'node:net';
import { expandRanges } from './ranges.ts';

/** Hosts as an inventory writes them: a name, an address, a range; with a port or without. */
export type HostPattern =
  | { readonly ok: true; readonly names: readonly string[]; readonly port?: number }
  | { readonly ok: false; readonly code: 'host-name' | 'host-port' | 'range'; readonly message: string };

const BRACKETED = /^\[(.+)\]:([^:\]]*)$/;
/** A name, with ranges in brackets, and what stands after its only colon. */
const WITH_PORT = /^((?:[^:[\]]|\[[^\]]*\])*):([^:]*)$/;

/** `web[01:50]`, `host:2222`, `[fe80::1]:22`, `2001:db8::1`. */
export function readHostPattern(text: string): HostPattern {
  const { address, port } = cutPort(text);
  if (port !== undefined && !isPort(port)) return refusePort(text, address, port);
  const expanded = isIPv6(address) ? { ok: true as const, names: [address] } : expandRanges(address);
  if (!expanded.ok) return isBracketed(text) ? refuseBrackets(text) : expanded;
  const bad = expanded.names.map(whyNoName).find((why) => why !== undefined);
  if (bad !== undefined) return { ok: false, code: 'host-name', message: bad };
  return { ok: true, names: expanded.names, ...(port === undefined ? {} : { port: Number(port) }) };
}

function cutPort(text: string): { readonly address: string; readonly port?: string } {
  const [, address, port] = BRACKETED.exec(text) ?? WITH_PORT.exec(text) ?? [];
  return address === undefined || port === undefined ? { address: text } : { address, port };
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

function refusePort(text: string, address: string, port: string): HostPattern {
  const why = port === '' ? 'nothing follows the colon' : `"${port}" is not a port from 1 to 65535`;
  return {
    ok: false,
    code: 'host-port',
    message: `${why} in "${text}"; write ${address} or ${address}:22`,
  };
}

function isBracketed(text: string): boolean {
  return /^\[[0-9a-f:.]+\]$/i.test(text) && isIPv6(text.slice(1, -1));
}

function refuseBrackets(text: string): HostPattern {
  const bare = text.slice(1, -1);
  return {
    ok: false,
    code: 'host-name',
    message: `${text}: an IPv6 address without a port stands without brackets; write ${bare} or ${text}:22`,
  };
}

function whyNoName(name: string): string | undefined {
  if (name === '') return 'a host needs a name';
  if (name === '---') return '"---" begins a YAML file; give the file the extension .yml';
  if (name.includes('='))
    return `"${name}" is a variable where a host is expected; write it after a host's name, or under [GROUP:vars]`;
  if (name.includes(',')) return `"${name}" holds a comma; write one host a line`;
  if (name.includes(':') && !isIPv6(name)) return `"${name}" is neither a host's name, host:port nor an IPv6 address`;
  const odd = /^[!&@~]|[\s*?/\\{}]|\p{Cc}/u.exec(name);
  return odd === null
    ? undefined
    : `"${name}" cannot be a host's name: patterns could not name it because of ${JSON.stringify(odd[0])}`;
}
