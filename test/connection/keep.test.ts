import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keep } from '../../src/connection/keep.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollgate-keep-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('what a run keeps on this machine', () => {
  it('is written whole, where nobody else reads it, over what was there', async () => {
    const path = join(folder, 'artifacts', 'a1.docker.before.txt');
    expect(await keep(path, Buffer.from('first'))).toEqual({ kind: 'done' });
    expect(await keep(path, Buffer.from('second'))).toEqual({ kind: 'done' });
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'artifacts'))).toEqual(['a1.docker.before.txt']);
  });

  it('says what could not be written, and where, and leaves nothing behind', async () => {
    writeFileSync(join(folder, 'file'), '');
    const path = join(folder, 'file', 'a1.docker.before.txt');
    expect(await keep(path, Buffer.from('x'))).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining(`${path} cannot be written here: `),
    });
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('');
  });
});
