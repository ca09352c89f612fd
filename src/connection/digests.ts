import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

export type Digest =
  | { readonly ok: true; readonly sha256: string; readonly bytes: number }
  | { readonly ok: false; readonly why: string };

/**
 * SHA-256 of a file of this machine, or of its first bytes, and the size of all of it. Read in pieces, and each file once
 * as long as it does not change: a run asks for the same archive on every host.
 */
export function createDigests(): (path: string, first?: number) => Promise<Digest> {
  const known = new Map<string, Promise<string>>();
  return async (path, first = Number.POSITIVE_INFINITY) => {
    try {
      const { size, mtimeMs } = await stat(path);
      const length = Math.min(first, size);
      const key = JSON.stringify([path, mtimeMs, size, length]);
      const sha256 = known.get(key) ?? sha256Of(path, length);
      known.set(key, sha256);
      sha256.catch(() => known.delete(key));
      return { ok: true, sha256: await sha256, bytes: size };
    } catch (error) {
      return { ok: false, why: (error as Error).message };
    }
  };
}

async function sha256Of(path: string, length: number): Promise<string> {
  const hash = createHash('sha256');
  if (length > 0) for await (const piece of createReadStream(path, { end: length - 1 })) hash.update(piece);
  return hash.digest('hex');
}
