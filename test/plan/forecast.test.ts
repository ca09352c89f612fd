import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doneAfterSeconds, forecast } from '../../src/plan/forecast.ts';

const DAY = 86_400;
const WINDOW = { windowSeconds: 5 * DAY };
/** The fleet of the procedure: 594 hosts, 10 at a time. A pass of so many days takes this long on each host. */
const passOf = (days: number) => ({ hosts: 594, concurrency: 10, perHostSeconds: (days * DAY) / 60 });

describe('a forecast', () => {
  it.each([1, 1.5])('of renewing 594 hosts, 10 at a time, in %d days: all of them still hold at its end', (days) => {
    expect(forecast({ ...passOf(days), ...WINDOW })).toMatchObject({ lastDoneSeconds: days * DAY, isInTime: true });
  });

  it('of upgrading them in the two weeks after it: five days will not do; 210 hosts at a time will', () => {
    expect(forecast({ ...passOf(14), ...WINDOW })).toEqual({
      lastDoneSeconds: 14 * DAY,
      isInTime: false,
      mostHosts: 210,
    });
    expect(forecast({ ...passOf(14), hosts: 210, ...WINDOW })).toMatchObject({ isInTime: true });
    expect(forecast({ ...passOf(14), hosts: 211, ...WINDOW })).toMatchObject({ isInTime: false });
  });

  it('of hosts that each take longer than anything holds: none', () => {
    expect(forecast({ hosts: 1, concurrency: 10, perHostSeconds: 6 * DAY, ...WINDOW })).toMatchObject({
      isInTime: false,
      mostHosts: 0,
    });
  });

  it('lets in as many hosts as come in time, and not one more', () => {
    const pace = fc.record({
      concurrency: fc.integer({ min: 1, max: 50 }),
      perHostSeconds: fc.integer({ min: 1, max: 100_000 }),
      windowSeconds: fc.integer({ min: 1, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(pace, (given) => {
        const { mostHosts } = forecast({ hosts: 1, ...given });
        const inTime = (hosts: number) => forecast({ hosts, ...given }).isInTime;
        return inTime(mostHosts) && !inTime(mostHosts + 1);
      }),
    );
  });

  it('of a first host alone and then the rest counts the first one’s time', () => {
    expect(doneAfterSeconds({ batches: [1, 5], concurrency: 2, perHostSeconds: 10 })).toEqual([10, 20, 20, 30, 30, 40]);
  });
});
