import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../journal/durable.ts';
import type { Entry } from './entry.ts';

/**
 * Adds an entry to a ledger that other runs may be writing to as well. It is on disk when this resolves. Rejects with what
 * to do when it cannot be.
 *
 * In one write, with a line break before it as well: what a crash or a full disk left of another's line cannot spoil it.
 */
export async function appendEntry(file: string, entry: Entry): Promise<void> {
  try {
    await write(file, Buffer.from(`\n${JSON.stringify(entry)}\n`));
  } catch (error) {
    throw new Error(
      `the ledger ${file} cannot be written (${(error as Error).message}), so nobody would know until when ${entry.name} of ${entry.host} holds: make room or repair the disk, then renew it again`,
      { cause: error },
    );
  }
}

async function write(file: string, line: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a', 0o600);
  try {
    const { bytesWritten } = await handle.write(line);
    if (bytesWritten < line.length) throw new Error('the disk took only a part of the line');
    await handle.sync();
    await syncFolder(dirname(file));
  } finally {
    await handle.close();
  }
}
