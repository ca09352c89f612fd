import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256 } from '../plan/digest.ts';
import type { Input } from '../plan/plan.ts';

/** What has become since of the files that a plan was made from: one line for each that is not as it was. */
export function changedInputs(inputs: readonly Input[], folder: string): readonly string[] {
  return inputs.flatMap(({ path, role, sha256: before }) => {
    const now = digestNow(resolve(folder, path));
    if (now === before) return [];
    return [`${path} (${role}) ${now === undefined ? 'cannot be read any more' : 'has changed'}`];
  });
}

function digestNow(path: string): string | undefined {
  try {
    return sha256(readFileSync(path));
  } catch {
    return undefined;
  }
}
