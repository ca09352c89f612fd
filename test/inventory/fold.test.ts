import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldHosts, unfoldHosts } from '../../src/inventory/fold.ts';

describe('foldHosts', () => {
  it.each<[string, readonly string[], string]>([
    ['nothing', [], ''],
    ['one host', ['web1'], 'web1'],
    ['a range', ['web1', 'web2', 'web3'], 'web[1-3]'],
    ['two neighbours', ['web1', 'web2'], 'web[1-2]'],
    ['padding', ['agent001', 'agent002', 'agent016'], 'agent[001-002,016]'],
    ['padding over tens', ['a08', 'a09', 'a10', 'a11'], 'a[08-11]'],
    ['no padding over tens', ['a8', 'a9', 'a10', 'a11'], 'a[8-11]'],
    ['padded and unpadded apart', ['a1', 'a2', 'a01', 'a02'], 'a[01-02],a[1-2]'],
    ['padding that ends', ['a98', 'a99', 'a100', 'a01'], 'a[01,98-99],a100'],
    ['widths apart', ['a01', 'a001', 'a002', 'a02'], 'a[001-002],a[01-02]'],
    ['zero', ['a0', 'a1'], 'a[0-1]'],
    ['gaps', ['a1', 'a3', 'a5', 'a6'], 'a[1,3,5-6]'],
    ['without numbers', ['db', 'web'], 'db,web'],
    ['different words', ['web1', 'db1', 'web2'], 'db1,web[1-2]'],
    ['what stands behind the number', ['web1.dc', 'web2.dc', 'web1'], 'web1,web[1-2].dc'],
    ['several numbers: the last that differs', ['r1n1', 'r1n2', 'r2n1', 'r2n2'], 'r1n[1-2],r2n[1-2]'],
    ['several numbers: an earlier one where the last is the same', ['web1.dc1', 'web2.dc1'], 'web[1-2].dc1'],
    ['addresses', ['10.0.0.1', '10.0.0.2', '10.0.0.10'], '10.0.0.[1-2,10]'],
    ['numbers alone', ['1', '2', '3'], '[1-3]'],
    ['order of writing does not matter', ['a3', 'a1', 'a2'], 'a[1-3]'],
    ['natural order', ['a10', 'a9', 'b', 'a9x'], 'a[9-10],a9x,b'],
    ['duplicates', ['a1', 'a1', 'a2'], 'a[1-2]'],
    [
      'ids too long to count with',
      ['i-1234567890123456', 'i-1234567890123457'],
      'i-1234567890123456,i-1234567890123457',
    ],
    ['names that look folded', ['a[1-2]', 'a1', 'a2'], 'a[1-2],a[1-2]'],
  ])('%s', (_, names, folded) => {
    expect(foldHosts(names)).toBe(folded);
  });

  const text = fc.constantFrom('a', 'web', '-', '.', 'x-y');
  const number = fc.oneof(
    fc.nat(120).map(String),
    fc.nat(120).map((n) => String(n).padStart(3, '0')),
    fc.constantFrom('00', '01', '010'),
  );
  const name = fc.array(fc.oneof(text, number), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));

  it('keeps exactly the names it was given', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), (names) => {
        expect([...unfoldHosts(foldHosts(names))].sort()).toEqual([...new Set(names)].sort());
      }),
    );
  });

  it('says the same whatever the order of the names', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 20 }), (names) => {
        expect(foldHosts([...names].reverse())).toBe(foldHosts(names));
      }),
    );
  });

  it('folds a thousand agents to one range', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `agent${String(index).padStart(4, '0')}`);
    expect(foldHosts(names)).toBe('agent[0000-0999]');
  });
});
