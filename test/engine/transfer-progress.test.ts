import { describe, expect, it } from 'vitest';
import { transferProgress } from '../../src/engine/transfer-progress.ts';

const MIB = 1024 * 1024;

/** What is said of a transfer of so many MiB in pieces of 64 KiB, the first `from` of which are there. */
function said(mib: number, from = 0): readonly string[] {
  const texts: string[] = [];
  const progress = transferProgress((text) => texts.push(text));
  for (let sent = from * MIB + 65536; sent <= mib * MIB; sent += 65536) progress(sent, mib * MIB);
  return texts;
}

describe('how far a transfer has come', () => {
  it('is said at each tenth', () => {
    expect(said(100)).toHaveLength(9);
    expect(said(100)[0]).toBe('10.1 of 100.0 MiB\n');
  });

  it('is said at each MiB where a tenth is less', () =>
    expect(said(3)).toEqual(['1.1 of 3.0 MiB\n', '2.1 of 3.0 MiB\n']));

  it('is not said of small files', () => expect(said(1)).toEqual([]));

  it('begins where the part ends that is there', () => expect(said(100, 85)).toEqual(['95.1 of 100.0 MiB\n']));
});
