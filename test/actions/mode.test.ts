import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cksum } from '../../src/actions/checksum.ts';
import { bitsOfLs } from '../../src/actions/file-facts.ts';
import { octal, parseMode, withMode } from '../../src/actions/mode.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollgate-mode-'));
  writeFileSync(join(folder, 'f'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('modes', () => {
  it.each<[string | number, number | string | undefined]>([
    ['0644', 0o644],
    ['644', 0o644],
    ['0o755', 0o755],
    ['4755', 0o4755],
    [420, 0o644],
    ['u+x', 'u+x'],
    ['u=rwX,go=', 'u=rwX,go='],
    ['9', undefined],
    ['rw', undefined],
    ['', undefined],
    ['u=rwy', undefined],
    [-1, undefined],
    [0o20000, undefined],
    ['77777', undefined],
  ])('reads %j', (written, mode) => {
    expect(parseMode(written)).toBe(mode);
  });

  it.each([
    'u+x',
    'go-rwx',
    'a=r',
    '+x',
    'u=rwX,go=rX',
    'g=u',
    'u+s',
    'g+s,o-x',
    '+t',
    'o=',
    'ug+rw-x',
    '-w',
    '=r',
    'go=u-w',
    'a+X',
  ])('%s does what chmod does', (mode) => {
    const file = join(folder, 'f');
    for (const before of [0o644, 0o600, 0o755, 0o4711, 0o000]) {
      chmodSync(file, before);
      execFileSync('sh', ['-c', 'umask 027; chmod -- "$0" "$1"', mode, file], { stdio: 'pipe' });
      expect(octal(withMode(mode, before, false, 0o027))).toBe(octal(statSync(file).mode & 0o7777));
    }
  });

  it('reads the bits that ls prints', () => {
    expect([bitsOfLs('rw-r--r--'), bitsOfLs('rwsr-Sr-t'), bitsOfLs('--------T')]).toEqual([0o644, 0o7745, 0o1000]);
  });
});

describe('cksum', () => {
  it('is what POSIX cksum prints', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        expect(cksum(bytes)).toBe(execFileSync('cksum', { input: bytes }).toString().trim());
      }),
      { numRuns: 15 },
    );
  });
});
