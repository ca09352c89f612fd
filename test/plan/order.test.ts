import { describe, expect, it } from 'vitest';
import { endsAsPlanned, orderHosts } from '../../src/plan/order.ts';
import type { Plan } from '../../src/plan/plan.ts';

const written = ['web10', 'web2', 'Web1', 'db1'];

describe('the order of hosts', () => {
  it.each([
    ['inventory', ['web10', 'web2', 'Web1', 'db1']],
    ['reverse_inventory', ['db1', 'Web1', 'web2', 'web10']],
    ['sorted', ['Web1', 'db1', 'web10', 'web2']],
    ['reverse_sorted', ['web2', 'web10', 'db1', 'Web1']],
  ] as const)('%s', (order, expected) => {
    expect(orderHosts(written, order, 0, new Map())).toEqual(expected);
  });

  it('shuffles by the seed: the same seed gives the same order, another one another', () => {
    const many = Array.from({ length: 50 }, (_, index) => `h${index}`);
    expect(orderHosts(many, 'shuffle', 7, new Map())).toEqual(orderHosts(many, 'shuffle', 7, new Map()));
    expect(orderHosts(many, 'shuffle', 7, new Map())).not.toEqual(orderHosts(many, 'shuffle', 8, new Map()));
    expect(orderHosts(many, 'shuffle', 7, new Map()).toSorted()).toEqual(many.toSorted());
  });

  it('by the ledger: what ends first goes first, who is not in it last, each in the order of the inventory', () => {
    const ends = new Map([
      ['c', 30],
      ['b', 10],
      ['e', 10],
      ['elsewhere', 1],
    ]);
    expect(orderHosts(['a', 'b', 'c', 'd', 'e'], 'ledger', 0, ends)).toEqual(['b', 'e', 'c', 'a', 'd']);
  });

  it('by the ledger as it was, whatever it says by now', () => {
    const play = (hosts: readonly string[], withoutEnd: readonly string[]) => ({
      batches: [
        { number: 1, hosts: hosts.slice(0, 1) },
        { number: 2, hosts: hosts.slice(1) },
      ],
      withoutEnd,
    });
    const plays = [play(['b', 'e', 'c', 'a', 'd'], ['a', 'd']), play(['e', 'f', 'd'], ['d'])];
    const ends = endsAsPlanned({ plays } as unknown as Plan);
    expect(orderHosts(['a', 'b', 'c', 'd', 'e'], 'ledger', 0, ends)).toEqual(['b', 'e', 'c', 'a', 'd']);
    expect(orderHosts(['d', 'e', 'f'], 'ledger', 0, ends)).toEqual(['e', 'f', 'd']);
  });
});
