import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { replay } from '../../src/journal/progress.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { columnsOf } from '../../src/report/columns.ts';
import { NO_COLOURS } from '../../src/report/paint.ts';
import { type RunStatus, statusOf } from '../../src/report/status.ts';
import { statusLines } from '../../src/report/status-text.ts';
import { at, BATCH, begun, ended, PLAY, planned, RUN, stamped } from '../journal/events.ts';

const PLAN = planned([
  {
    tasks: ['1.tasks.1', '1.tasks.2'],
    batches: [
      ['a1', 'a2', 'a3', 'a4'],
      ['a5', 'a6'],
    ],
  },
]) as unknown as Plan;
const OPEN: readonly RunEvent[] = [
  RUN,
  { type: 'play_started', ...PLAY, hosts: 6 },
  { type: 'batch_started', ...BATCH, hosts: ['a1', 'a2', 'a3', 'a4'] },
];
const BOB = { user: 'bob', bastion: 'bastion', terminal: 'pts/7' };
const HOLDER = { user: 'ada', pid: 4242, since: '2026-11-21T07:15:00.000Z' };

/** Events stand a second apart; it is looked at two minutes after the first. */
function seen(events: readonly RunEvent[], holder: typeof HOLDER | 'nobody' = HOLDER): RunStatus {
  return statusOf(replay(stamped(...OPEN, ...events)), {
    plan: PLAN,
    now: '2026-11-21T07:17:00.000Z',
    ...(holder === 'nobody' ? {} : { holder }),
    suffix: '',
    logFolder: 'hosts',
    resumeCommand: 'rollgate resume 20261121T071500Z-7f3a',
  });
}

const text = (status: RunStatus, columns = 80) => statusLines(status, columns, NO_COLOURS);

const step = (host: string, status: Parameters<typeof ended>[1], id = '1.tasks.1', result = {}) => [
  begun(at(host, id)),
  ended(at(host, id), status, { result, ms: 4000 }),
];

describe('status', () => {
  it('puts each host of a batch into one state, and folds those that have come equally far', () => {
    const { plays } = seen([
      ...step('a1', 'changed'),
      ...step('a1', 'ok', '1.tasks.2'),
      ...step('a2', 'changed'),
      ...step('a3', 'failed', '1.tasks.1', { msg: 'no such container' }),
      begun(at('a4')),
    ]);
    expect(plays[0]?.batches[0]?.hosts).toEqual({
      through: ['a1'],
      waiting: ['a2'],
      failed: ['a3'],
      running: ['a4'],
    });
    expect(plays[0]?.batches[1]?.hosts).toEqual({ not_started: ['a5', 'a6'] });
    expect(plays[0]?.through).toBe(1);
  });

  it('names the window whose deadline is nearest first, with the seconds that are left', () => {
    const opened = (host: string, lengthMs?: number): RunEvent => ({
      type: 'window_opened',
      ...BATCH,
      host,
      window: 'outage',
      ...(lengthMs === undefined ? {} : { lengthMs }),
    });
    const status = seen([opened('a1'), opened('a2', 900_000), opened('a3', 60_000), begun(at('a3'))]);
    expect(text(status).slice(3, 8)).toEqual([
      '',
      'Inside a window:',
      '  a3  55 s OVER  in "outage" for 1 min 55 s, at "task 1.tasks.1"',
      '  a2  784 s left  in "outage" for 1 min 56 s',
      '  a1  no deadline  in "outage" for 1 min 57 s',
    ]);
  });

  it('says what was lost, what fails and why, who said what, and what to type', () => {
    const status = seen([
      ...step('a1', 'ok', '1.tasks.1', { lost: ['web.1'] }),
      ...step('a3', 'failed', '1.tasks.1', { msg: 'no such container' }),
      { type: 'run_paused', reason: 'look at a3', by: BOB },
    ]);
    const lines = text(status);
    const beneath = (title: string) => lines.slice(lines.indexOf(title) + 1).slice(0, 2);
    expect(beneath('Lost:')[0]).toBe('  "web.1" on a1');
    expect(beneath('Failing:')).toEqual(['  a3 (1 failed) at "task 1.tasks.1"', '      no such container']);
    expect(beneath('Said by hand:')[0]).toBe('  07:15:07Z paused by bob@bastion (pts/7): look at a3');
    expect(lines).toContain('  PAUSED since 07:15:07Z by bob@bastion (pts/7): look at a3');
    expect(status.next).toEqual([
      'rollgate continue 20261121T071500Z-7f3a --reason "…"',
      'rollgate logs 20261121T071500Z-7f3a a3',
      'rollgate restart 20261121T071500Z-7f3a a3 --reason "…"',
      'rollgate explain 20261121T071500Z-7f3a',
    ]);
  });

  it('of a run that nobody runs says that it broke off, brings windows home first, and stops its clocks', () => {
    const status = seen(
      [
        { type: 'run_paused', reason: 'x', by: BOB },
        { type: 'window_opened', ...BATCH, host: 'a1', window: 'outage' },
        begun(at('a1')),
      ],
      'nobody',
    );
    expect([status.state, status.ms]).toEqual(['broken_off', 5000]);
    expect(status.next.slice(0, 2)).toEqual([
      'rollgate resume 20261121T071500Z-7f3a',
      'rollgate continue 20261121T071500Z-7f3a --reason "…"',
    ]);
    expect(status.unknown).toMatchObject([{ host: 'a1', task: 'task 1.tasks.1' }]);
  });

  it('estimates the rest by what hosts that are through have taken', () => {
    const none = seen([...step('a1', 'ok')]);
    expect(none.leftMs).toBeUndefined();
    const one = seen([...step('a1', 'ok'), ...step('a1', 'ok', '1.tasks.2'), ...step('a2', 'ok')]);
    // 8 s a host: 20 s are left in the first batch for three at once, 16 s in the second for two.
    expect(one.leftMs).toBeCloseTo(20_000 / 3 + 8000);
  });

  it('keeps its lines within the columns there are, but what is to be typed whole', () => {
    const status = seen([...step('a3', 'failed', '1.tasks.1', { msg: 'x'.repeat(300) })]);
    for (const columns of [10, 40, 80, 120]) {
      const long = text(status, columns).filter((line) => columnsOf(line) > columns);
      expect(long.filter((line) => !line.startsWith('  rollgate '))).toEqual([]);
    }
    const whole = text(status, 40)
      .map((line) => line.trim())
      .join('');
    expect(whole).toContain('x'.repeat(300));
    expect(text(status, 40)).toContain('  rollgate restart 20261121T071500Z-7f3a a3 --reason "…"');
  });

  it('shows nothing that could move a cursor', () => {
    const status = seen([...step('a3', 'failed', '1.tasks.1', { msg: 'a\x1b[2Jb' })]);
    expect(text(status).join('\n')).not.toContain('\x1b');
  });
});
