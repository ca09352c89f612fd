import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutBatches, readSerialEntry, type SerialEntry } from '../../src/plan/batches.ts';

const hosts = (count: number) => Array.from({ length: count }, (_, index) => `h${index + 1}`);
const entries = (serial: readonly (number | string)[]) =>
  serial.map((entry) => readSerialEntry(entry)).filter((entry) => entry !== undefined);
const sizes = (count: number, serial: readonly (number | string)[]) =>
  cutBatches(hosts(count), entries(serial)).map((batch) => batch.hosts.length);

describe('batches are cut as Ansible cuts them', () => {
  it.each<[count: number, serial: (number | string)[], sizes: number[]]>([
    [10, [], [10]],
    [0, [3], []],
    [10, [3], [3, 3, 3, 1]],
    [10, [10], [10]],
    [10, [11], [10]],
    [10, ['3'], [3, 3, 3, 1]],
    [10, [1.9], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    [10, [0], [10]],
    [10, [-1], [10]],
    [10, [1, 5, 2], [1, 5, 2, 2]],
    [10, [1, 3], [1, 3, 3, 3]],
    [10, [2, 0, 1], [2, 8]],
    [10, ['30%'], [3, 3, 3, 1]],
    [10, ['33%'], [3, 3, 3, 1]],
    [9, ['33%'], [2, 2, 2, 2, 1]],
    [3, ['10%'], [1, 1, 1]],
    [3, ['0%'], [1, 1, 1]],
    [4, ['150%'], [4]],
    [24, [1, '100%'], [1, 23]],
    [20, ['10%', '50%'], [2, 10, 8]],
    [600, [1, 5, '20%'], [1, 5, 120, 120, 120, 120, 114]],
    [594, [1, '10%'], [1, ...Array<number>(10).fill(59), 3]],
  ])('%i hosts, serial %j → %j', (count, serial, expected) => {
    expect(sizes(count, serial)).toEqual(expected);
  });

  it.each(['abc', '33.3%', '', true, null, Number.NaN, '-5%'])('%j is no entry of serial', (value) => {
    expect(readSerialEntry(value)).toBeUndefined();
  });

  it('loses no host, repeats none, and keeps the order', () => {
    const entry: fc.Arbitrary<SerialEntry> = fc.oneof(
      fc.record({ kind: fc.constant('count' as const), hosts: fc.integer({ min: -2, max: 50 }) }),
      fc.record({ kind: fc.constant('percent' as const), percent: fc.integer({ min: 0, max: 200 }) }),
    );
    fc.assert(
      fc.property(fc.nat({ max: 200 }), fc.array(entry, { maxLength: 5 }), (count, serial) => {
        const batches = cutBatches(hosts(count), serial);
        expect(batches.flatMap((batch) => batch.hosts)).toEqual(hosts(count));
        expect(batches.every((batch) => batch.hosts.length > 0)).toBe(true);
        expect(batches.map((batch) => batch.number)).toEqual(batches.map((_, index) => index + 1));
      }),
    );
  });
});
