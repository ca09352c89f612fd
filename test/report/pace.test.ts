import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { replay } from '../../src/journal/progress.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { sayingForecasts } from '../../src/report/forecast-line.ts';
import { forecastOf } from '../../src/report/pace.ts';
import { play, task } from '../engine/play.ts';
import { at, begun, ended, RUN } from '../journal/events.ts';

const START = Date.parse('2026-11-21T07:00:00.000Z');
const MINUTE = 60_000;
const minutes = (count: number) => new Date(START + count * MINUTE);

const HOSTS = ['a', 'b', 'c', 'd', 'e', 'f'];
const pinned = play([task('1.tasks.1'), task('1.tasks.2')], {
  strategy: 'host_pinned',
  forks: 2,
  batches: [{ number: 1, hosts: HOSTS }],
});

type Happened = readonly [RunEvent, number];

/** A host that goes through both tasks from one minute to another. */
function through(host: string, from: number, to: number): readonly Happened[] {
  return [
    [begun(at(host, '1.tasks.1')), from],
    [ended(at(host, '1.tasks.1'), 'ok'), from],
    [begun(at(host, '1.tasks.2')), from],
    [ended(at(host, '1.tasks.2'), 'ok', { ms: (to - from) * MINUTE }), to],
  ];
}

function foretold(happened: readonly Happened[], now: number, ends = new Map<string, number>(), of = pinned) {
  const events = [[RUN, 0] as const, ...happened].map(([event, minute]) => stamp(event, minutes(minute)));
  return forecastOf(replay(events), of, ends, minutes(now));
}

describe('the forecast of a run', () => {
  it('goes by the hosts that are done, as many at a time as the play allows', () => {
    expect(foretold([...through('a', 0, 8), ...through('b', 0, 12), [begun(at('c')), 12]], 12)).toMatchObject({
      done: 2,
      left: 4,
      perHostMs: 10 * MINUTE,
      lastDoneAt: minutes(12 + 20).toISOString(),
      late: [],
    });
  });

  it('names whose time is up before it is their turn', () => {
    const ends = new Map([
      ['c', minutes(21).getTime()],
      ['d', minutes(22).getTime()],
      ['f', minutes(31).getTime()],
      ['a', 0],
    ]);
    expect(foretold([...through('a', 0, 8), ...through('b', 0, 12)], 12, ends)?.late).toEqual(['c', 'f']);
  });

  it('counts as left neither who failed nor who was turned away', () => {
    const failed = ended(at('c', '1.tasks.1'), 'failed');
    const refused: RunEvent = { type: 'host_refused', play: 'p', playNumber: 1, batch: 1, host: 'd', reason: 'held' };
    expect(foretold([...through('a', 0, 10), [failed, 3], [refused, 3]], 10)?.left).toBe(3);
  });

  it('is silent while nobody is done, and when nobody is left', () => {
    expect(foretold([[begun(at('a')), 0]], 5)).toBeUndefined();
    expect(
      foretold(
        HOSTS.flatMap((host) => through(host, 0, 5)),
        5,
      ),
    ).toBeUndefined();
  });

  it('does not take a break for the pace of a host', () => {
    const resumed: RunEvent = { type: 'run_resumed', run: 'r', operator: 'ada', bastion: 'b' };
    const [first, second, ...rest] = through('a', 0, 500);
    const broken: readonly Happened[] = [first, second, [resumed, 490] as const, ...rest].flatMap((each) =>
      each ? [each] : [],
    );
    expect(foretold(broken, 500)).toBeUndefined();
    expect(foretold([...broken, ...through('b', 500, 510)], 510)?.perHostMs).toBe(10 * MINUTE);
  });

  it('shares the time of a linear play among the hosts that are done: there all wait for each other', () => {
    const linear = { ...pinned, strategy: 'linear' as const };
    const both = [...through('a', 0, 20), ...through('b', 0, 20)];
    expect(foretold(both, 20, new Map(), linear)).toMatchObject({
      perHostMs: 10 * MINUTE,
      lastDoneAt: minutes(60).toISOString(),
    });
  });

  it('is told once, and again when somebody comes too late', () => {
    const say = sayingForecasts();
    const found = foretold(through('a', 0, 10), 10);
    if (found === undefined) throw new Error('no forecast');
    expect(say(found)).toBe(
      'FORECAST a play: 10 min a host going by 1, the last of 5 left is done at 2026-11-21T07:40Z',
    );
    expect(say({ ...found, left: 4 })).toBeUndefined();
    expect(say({ ...found, late: ['c', 'd'] })).toContain('2 TOO LATE by the ledger: c,d');
    expect(say({ ...found, late: ['d'] })).toBeUndefined();
    expect(say(found)).toContain('FORECAST a play');
  });
});
