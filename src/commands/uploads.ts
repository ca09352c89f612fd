import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { relative } from 'node:path';
import { uploadsOf } from '../engine/uploads.ts';
import { restingOn } from '../plan/make.ts';
import type { Input } from '../plan/plan.ts';
import { secretTexts } from '../plan/secrets.ts';
import { masking } from '../shell/masking.ts';
import type { Loaded } from './load.ts';
import { localPaths } from './local-paths.ts';

/** The plan with the digests of the files that its tasks will read on this machine; and which of these are not there. */
export function withUploads(
  loaded: Loaded,
  folder: string,
): { readonly complete: Loaded; readonly missing: readonly string[] } {
  const { plan, secrets, expressions, playbookDir } = loaded;
  const resolve = localPaths(playbookDir);
  const mask = masking(secretTexts(secrets));
  const found = uploadsOf(plan, secrets, expressions, playbookDir).map(({ path, hiddenBy }) => ({
    path: hiddenBy === undefined ? mask(within(folder, resolve(path)) ?? path) : `a file of ${hiddenBy}`,
    sha256: digestOf(resolve(path)),
  }));
  const inputs = found.flatMap(({ path, sha256 }): Input[] =>
    sha256 === undefined ? [] : [{ path, role: 'upload', sha256 }],
  );
  const missing = found.filter(({ sha256 }) => sha256 === undefined).map(({ path }) => path);
  return { complete: { ...loaded, plan: restingOn(plan, inputs) }, missing };
}

/** The path as others in the same folder would write it: a plan must not differ by where its folder lies. */
function within(folder: string, path: string): string | undefined {
  const shown = relative(folder, path);
  return shown === '' || shown.startsWith('..') ? undefined : shown;
}

const PIECE_BYTES = 1024 * 1024;

/** Of a file of any size; undefined where there is none to be read. */
function digestOf(path: string): string | undefined {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(PIECE_BYTES);
  try {
    const file = openSync(path, 'r');
    try {
      for (let size = readSync(file, piece); size > 0; size = readSync(file, piece))
        hash.update(piece.subarray(0, size));
    } finally {
      closeSync(file);
    }
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
