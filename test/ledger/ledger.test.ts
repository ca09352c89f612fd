import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendEntry } from '../../src/ledger/append.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { closed, good } from './entries.ts';

const CHILD = fileURLToPath(new URL('renew-forever.ts', import.meta.url));

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  file = join(folder, 'state', 'ledger.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(): Ledger {
  const ledger = new Ledger(file);
  ledger.refresh();
  return ledger;
}

const hostsIn = (ledger: Ledger) =>
  [...(ledger.all.get('agent-links')?.values() ?? [])].map(({ host }) => host).toSorted();

function renewing(prefix: string, most: number) {
  return spawn(process.execPath, ['--import', 'tsx', CHILD, file, prefix, String(most)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('a ledger', () => {
  it('is empty before anything was written, and is no problem', () => {
    expect([read().all.size, read().unreadable]).toEqual([0, []]);
  });

  it('is nobody else’s business', async () => {
    await appendEntry(file, good('a', 120));
    expect([statSync(join(folder, 'state')), statSync(file)].map(({ mode }) => (mode & 0o777).toString(8))).toEqual([
      '700',
      '600',
    ]);
  });

  it('knows what was written last of a machine, whatever it is called', async () => {
    await appendEntry(file, good('a', 10));
    await appendEntry(file, good('b', 20));
    await appendEntry(file, good('renamed', 30, { machine: 'a:22' }));
    expect(read().latest('agent-links', 'a:22')).toEqual(good('renamed', 30, { machine: 'a:22' }));
    await appendEntry(file, closed('b'));
    expect(read().latest('agent-links', 'b:22')?.state).toBe('closed');
    expect(read().latest('other', 'a:22')).toBeUndefined();
  });

  it('sees what another run adds', async () => {
    await appendEntry(file, good('a', 10));
    const ledger = read();
    await appendEntry(file, good('b', 20));
    expect(hostsIn(ledger)).toEqual(['a']);
    ledger.refresh();
    expect(hostsIn(ledger)).toEqual(['a', 'b']);
  });

  it('is read and gone on with wherever a crash cut its last line short', async () => {
    await appendEntry(file, good('a', 10));
    const before = readFileSync(file);
    await appendEntry(file, good('b', 20));
    const whole = readFileSync(file);
    for (let cut = before.length; cut < whole.length; cut++) {
      writeFileSync(file, whole.subarray(0, cut));
      expect([hostsIn(read()), read().unreadable]).toEqual([['a'], []]);
      await appendEntry(file, good('c', 30));
      expect(hostsIn(read())).toContain('c');
      // Only a line that lacks nothing but its break is whole when the next one brings it.
      const isWhole = cut === whole.length - 1;
      const isTorn = cut > before.length + 1 && !isWhole;
      expect([hostsIn(read()).includes('b'), read().unreadable.length]).toEqual([isWhole, isTorn ? 1 : 0]);
    }
  });

  it('names a line that cannot be read, and keeps the others', async () => {
    await appendEntry(file, good('a', 10));
    appendFileSync(file, `\n{"state":"good","name":"agent-links"}\n\n${'\0'.repeat(9)}\n`);
    await appendEntry(file, good('b', 20));
    expect(hostsIn(read())).toEqual(['a', 'b']);
    expect(read().unreadable.map(({ line }) => line)).toEqual([4, 6]);
    expect(read().unreadable[0]?.why).toContain('no entry of a ledger');
  });

  it.each([1, 2, 7])(
    'has all that was said to be on disk when its writer is killed after %i entries',
    async (count) => {
      const child = renewing('h', 1_000_000);
      let said = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        said = Number(line);
        if (said === count) child.kill('SIGKILL');
      }
      const expected = Array.from({ length: said }, (_, index) => `h${index}`);
      expect(hostsIn(read())).toEqual(expect.arrayContaining(expected));
      expect(read().unreadable).toEqual([]);
    },
  );

  it('takes the entries of two runs at once, whole', async () => {
    const children = ['a', 'b', 'c'].map((prefix) => renewing(prefix, 100));
    await Promise.all(children.map((child) => new Promise((done) => child.stdout.resume().on('close', done))));
    expect(hostsIn(read()).length).toBe(300);
    expect(read().unreadable).toEqual([]);
  });

  it('says that the disk is full and what to do, loses nothing, and goes on when there is room', async (context) => {
    const disk = join(folder, 'state');
    try {
      execFileSync('sh', ['-c', `mkdir ${disk} && mount -t tmpfs -o size=16k tmpfs ${disk}`], { stdio: 'ignore' });
    } catch {
      if (process.env.CI) throw new Error('a small disk needs root');
      return context.skip('a small disk needs root');
    }
    try {
      const written: string[] = [];
      const fill = async () => {
        for (;;) {
          await appendEntry(file, good(`h${written.length}`, 120));
          written.push(`h${written.length}`);
        }
      };
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(4096));
      await expect(fill()).rejects.toThrow(
        /ledger\.jsonl cannot be written \(.*\).*of h\d+ holds: make room.*renew it/,
      );
      expect(written.length).toBeGreaterThan(5);
      expect([hostsIn(read()), read().unreadable]).toEqual([written.toSorted(), []]);
      rmSync(join(disk, 'ballast'));
      await appendEntry(file, good('later', 120));
      expect(hostsIn(read())).toEqual([...written, 'later'].toSorted());
      expect(read().unreadable.length).toBeLessThanOrEqual(1);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
