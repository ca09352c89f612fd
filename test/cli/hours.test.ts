import { describe, expect, it } from 'vitest';
import { awaitOpening, closeAfterHours, readHours } from '../../src/commands/hours.ts';
import { Stop } from '../../src/engine/stop.ts';
import type { RunEvent } from '../../src/journal/event.ts';
import { folderWith, rollgate } from './terminal.ts';

const at = (hour: number, minute = 0, day = 21) => new Date(2026, 10, day, hour, minute);

describe('the hours of a run', () => {
  it.each<[string, object, Date, object]>([
    ['a time with its zone', { notAfter: '2026-12-01T04:00:00Z' }, at(12), { notAfter: new Date('2026-12-01T04:00Z') }],
    ['another zone', { cutoff: '2026-12-01T04:00+02:00' }, at(12), { notAfter: new Date('2026-12-01T02:00Z') }],
    ['a time of day still to come', { notAfter: '22:00' }, at(12), { notAfter: at(22) }],
    ['a time of day that is past', { notAfter: '4:30' }, at(12), { notAfter: at(4, 30, 22) }],
    ['the beginning alone', { notBefore: '22:00' }, at(23), { notBefore: at(22, 0, 22) }],
    [
      'a night to come',
      { notBefore: '22:00', notAfter: '04:00' },
      at(12),
      { notBefore: at(22), notAfter: at(4, 0, 22) },
    ],
    [
      'a night that has begun',
      { notBefore: '22:00', notAfter: '04:00' },
      at(23),
      { notBefore: at(22), notAfter: at(4, 0, 22) },
    ],
    [
      'its second half',
      { notBefore: '22:00', notAfter: '04:00' },
      at(2),
      { notBefore: at(22, 0, 20), notAfter: at(4) },
    ],
    ['a day', { notBefore: '9:00', cutoff: '17:00' }, at(20), { notBefore: at(9, 0, 22), notAfter: at(17, 0, 22) }],
    [
      'a beginning far before its end',
      { notBefore: '22:00', notAfter: '2026-12-24T04:00:00Z' },
      at(12),
      { notBefore: at(22), notAfter: new Date('2026-12-24T04:00Z') },
    ],
    ['none', {}, at(12), {}],
  ])('are %s', (_, options, now, hours) => {
    expect(readHours(options, now)).toEqual(hours);
  });

  it.each<[object, RegExp]>([
    [{ notBefore: '24:00' }, /--not-before: "24:00" is no time; write 22:00/],
    [{ notAfter: '2026-11-21T22:00' }, /--not-after: .* is no time/],
    [{ cutoff: 'soon' }, /--cutoff: "soon" is no time/],
    [{ notAfter: '2026-11-20T22:00Z' }, /is past: no host would be begun/],
    [{ notBefore: '2026-12-02T00:00Z', notAfter: '2026-12-01T00:00Z' }, /is not before/],
  ])('%j are refused', (options, why) => {
    expect(readHours(options, at(12))).toMatch(why);
  });

  it.each([['run', 'play.yml', '-i', 'a,'], ['resume']])(
    'are looked at before anything is done by %s',
    async (...argv) => {
      const folder = folderWith({ 'play.yml': '- { hosts: all, tasks: [{ ping: }] }\n' });
      const { exitCode, err } = await rollgate(folder, ...argv, '--yes', '--cutoff', 'soon', '--not-after', '22:00');
      expect([exitCode, err]).toEqual([64, expect.stringContaining("cannot be used with option '--not-after")]);
    },
  );

  it('are named where they are malformed', async () => {
    const folder = folderWith({ 'play.yml': '- { hosts: all, tasks: [{ ping: }] }\n' });
    const { exitCode, err } = await rollgate(folder, 'run', 'play.yml', '-i', 'a,', '--yes', '--cutoff', 'soon');
    expect([exitCode, err]).toEqual([64, expect.stringContaining('--cutoff: "soon" is no time')]);
  });
});

/** A clock that a test moves; whoever sleeps wakes when it has come so far, or is aborted. */
function handClock(start: Date) {
  let now = start.getTime();
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  const settle = () => new Promise<void>((done) => setImmediate(done));
  return {
    clock: {
      monotonic: () => now,
      now: () => new Date(now),
      sleep: (ms: number, abort?: AbortSignal) =>
        new Promise<void>((wake, fail) => {
          const sleeper = { until: now + ms, wake };
          sleepers.add(sleeper);
          abort?.addEventListener('abort', () => fail(abort.reason), { once: true });
        }),
    },
    set: async (moment: Date) => {
      now = moment.getTime();
      for (const sleeper of [...sleepers].filter(({ until }) => until <= now)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settle();
    },
    settle,
  };
}

describe('the watch over them', () => {
  function waiting(hours: object) {
    const hand = handClock(at(20));
    const stop = new Stop();
    const said: string[] = [];
    let isOpen = false;
    const opened = awaitOpening(hours, hand.clock, stop, (message) => said.push(message)).then(() => {
      isOpen = true;
    });
    return { ...hand, stop, said, opened, isOpen: () => isOpen };
  }

  it('waits until the beginning, and says so', async () => {
    const { set, settle, said, opened, isOpen } = waiting({ notBefore: at(22) });
    await set(at(21, 59));
    expect([isOpen(), said]).toEqual([false, [`no host is begun before ${at(22).toISOString()}, which is in 2 h`]]);
    await set(at(22));
    await opened;
    await settle();
    expect(isOpen()).toBe(true);
  });

  it('does not wait for what is past', async () => {
    const { opened, said } = waiting({ notBefore: at(19) });
    await opened;
    expect(said).toEqual([]);
  });

  it('follows a clock that is set back meanwhile', async () => {
    const { set, isOpen } = waiting({ notBefore: at(22) });
    await set(at(21, 59));
    await set(at(18));
    await set(at(21));
    expect(isOpen()).toBe(false);
    await set(at(22));
    expect(isOpen()).toBe(true);
  });

  it('ends its wait when the operator stops the run', async () => {
    const { stop, opened } = waiting({ notBefore: at(22) });
    stop.drain('Ctrl-C');
    await opened;
  });

  it('lets no host begin after the end, and says so once', async () => {
    const { clock, set } = handClock(at(20));
    const stop = new Stop();
    const events: RunEvent[] = [];
    const end = closeAfterHours({ notAfter: at(22) }, clock, stop, async (event) => events.push(event));
    await set(at(21, 59));
    expect([stop.admitsNoMore, events]).toEqual([undefined, []]);
    await set(at(22));
    await set(at(23));
    expect(events).toMatchObject([{ type: 'stopping', why: 'cutoff' }]);
    expect([stop.admitsNoMore, stop.draining]).toEqual([expect.stringContaining('no further host'), undefined]);
    end();
  });

  it('says nothing when the run has ended before', async () => {
    const { clock, set } = handClock(at(20));
    const stop = new Stop();
    const events: RunEvent[] = [];
    closeAfterHours({ notAfter: at(22) }, clock, stop, async (event) => events.push(event))();
    await set(at(23));
    expect([stop.admitsNoMore, events]).toEqual([undefined, []]);
  });
});
