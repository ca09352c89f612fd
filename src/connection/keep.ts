import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Transferred } from '../shell/outcome.ts';
import { atomically } from './shell-transfer.ts';

/** Writes a file of the bastion whole or not at all, and on the disk: what a run found out must outlive it. */
export async function keep(path: string, bytes: Uint8Array): Promise<Transferred> {
  const kept = await atomically(path, randomUUID(), async (temporary) => {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    return { kind: 'done' };
  });
  if (kept.kind !== 'failed' || !/ENOSPC|EDQUOT/.test(kept.reason)) return kept;
  return { ...kept, reason: `${kept.reason}; free some space on this machine, then go on with \`rollgate resume\`` };
}
