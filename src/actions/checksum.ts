import { createHash } from 'node:crypto';
import type { Found } from './file-facts.ts';

export function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** What stays of a file's bytes once they have been read: large files are not kept in memory while they are sent. */
export interface Sums {
  readonly sha1: string;
  readonly md5: string;
  /** What POSIX cksum prints. Computed only for a host that has nothing better, for it is slow. */
  readonly crc?: string;
}

/** The sums of these bytes that can be compared with what the host says of its file. */
export function sumsFor(found: Found | undefined, bytes: Uint8Array): Sums {
  return { sha1: sha1(bytes), md5: md5(bytes), ...(found?.crc === undefined ? {} : { crc: cksum(bytes) }) };
}

/** Whether a file of the host holds the same bytes: by SHA-1, or by POSIX cksum on a host without any tool for it. */
export function holds(found: Found | undefined, sums: Sums): boolean {
  if (found?.sum !== undefined) return found.sum === sums.sha1;
  return found?.crc !== undefined && found.crc === sums.crc;
}

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** What POSIX `cksum` prints for these bytes. */
export function cksum(bytes: Uint8Array): string {
  let crc = 0;
  const feed = (byte: number) => {
    crc = (crc << 8) ^ (TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0);
  };
  for (const byte of bytes) feed(byte);
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) feed(length % 256);
  return `${~crc >>> 0} ${bytes.length}`;
}
