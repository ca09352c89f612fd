import { describe, expect, it } from 'vitest';
import { orderHosts } from '../../src/plan/order.ts';

const written = ['web10', 'web2', 'Web1', 'db1'];

describe('the order of hosts', () => {
  it.each([
    ['inventory', ['web10', 'web2', 'Web1', 'db1']],
    ['reverse_inventory', ['db1', 'Web1', 'web2', 'web10']],
    ['sorted', ['Web1', 'db1', 'web10', 'web2']],
    ['reverse_sorted', ['web2', 'web10', 'db1', 'Web1']],
  ] as const)('%s', (order, expected) => {
    expect(orderHosts(written, order, 0)).toEqual(expected);
  });

  it('shuffles by the seed: the same seed gives the same order, another one another', () => {
    const many = Array.from({ length: 50 }, (_, index) => `h${index}`);
    expect(orderHosts(many, 'shuffle', 7)).toEqual(orderHosts(many, 'shuffle', 7));
    expect(orderHosts(many, 'shuffle', 7)).not.toEqual(orderHosts(many, 'shuffle', 8));
    expect(orderHosts(many, 'shuffle', 7).toSorted()).toEqual(many.toSorted());
  });
});
