import { createHash } from 'node:crypto';

const LONGEST_NAME = 180;

/** The name of a host's log: safe as a file name whatever the host is called, and another one for every host. */
export function logFileName(host: string): string {
  const wellFormed = Buffer.from(host).toString();
  const safe = encodeURIComponent(wellFormed).replace(/[~!'()*]|^[.-]/g, inHex);
  if (safe !== '' && safe.length <= LONGEST_NAME && wellFormed === host) return `${safe}.log`;
  // A tilde stands in no other name, so a shortened name is never another host's.
  const digest = createHash('sha256').update(JSON.stringify(host)).digest('hex');
  return `${safe.slice(0, LONGEST_NAME / 2)}~${digest.slice(0, 16)}.log`;
}

function inHex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
