import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { replay } from '../../src/journal/progress.ts';
import { frame } from '../../src/report/frame.ts';
import { NO_COLOURS } from '../../src/report/paint.ts';
import { Counting } from '../../src/report/tally.ts';
import { at, BATCH, begun, ended, PLAY, planned, RUN, stamped } from '../journal/events.ts';

const PLAN = planned([{ tasks: ['1.tasks.1'], batches: [['a1', 'a2']] }]);
const BOB = { user: 'bob', bastion: 'bastion' };
const PAUSED: readonly RunEvent[] = [
  RUN,
  { type: 'play_started', ...PLAY, hosts: 2 },
  { type: 'batch_started', ...BATCH, hosts: ['a1', 'a2'] },
  begun(at('a1')),
  { type: 'run_paused', reason: 'the load', by: BOB },
];
const GO_ON: RunEvent = { type: 'run_continued', reason: 'well', by: BOB };

function screen(events: readonly RunEvent[], recalled: readonly RunEvent[] = []): readonly string[] {
  const all = stamped(...recalled, ...events);
  const counting = new Counting(PLAN);
  counting.recall(replay(all.slice(0, recalled.length)));
  for (const event of all.slice(recalled.length)) counting.count(event);
  return frame(counting.tally, { columns: 80, rows: 24 }, Date.parse(all[0]?.at ?? '') + 60_000, NO_COLOURS).map(
    (row) => row.trimEnd(),
  );
}

describe('the rows of a paused run', () => {
  it('say who paused it and why, and what makes it go on, also when it is resumed', () => {
    const rows = [
      ' PAUSED for 56 s by bob@bastion: the load',
      ' to go on: rollgate continue 20261121T071500Z-7f3a --reason "…"',
    ];
    expect(screen(PAUSED).slice(1, 3)).toEqual(rows);
    const resumed: RunEvent = {
      type: 'run_resumed',
      run: '20261121T071500Z-7f3a',
      operator: 'ada',
      bastion: 'bastion',
    };
    expect(screen([resumed], PAUSED).slice(1, 3)).toEqual(rows);
    expect(screen([...PAUSED, GO_ON]).join('\n')).not.toContain('PAUSED');
    expect(screen([...PAUSED, { type: 'run_aborted', reason: 'enough', by: BOB }])[1]).toBe(
      ' STOPPING for 55 s: aborted by bob@bastion: enough',
    );
  });

  it('count a host that was forced as over, and one that is begun again as not', () => {
    const order = (type: 'host_forced' | 'host_restarted' | 'host_skipped', host: string): RunEvent => ({
      type,
      ...BATCH,
      host,
      reason: 'because',
      by: BOB,
    });
    const over = (events: readonly RunEvent[]) => {
      const counting = new Counting(PLAN);
      for (const event of stamped(...PAUSED, ...events)) counting.count(event);
      const { plays, inFlight } = counting.tally;
      const [batch] = plays[0]?.batches ?? [];
      return [batch?.over, batch?.refused, inFlight.length];
    };
    expect(over([])).toEqual([0, 0, 1]);
    expect(over([order('host_forced', 'a1')])).toEqual([1, 0, 0]);
    expect(over([order('host_skipped', 'a1')])).toEqual([1, 1, 0]);
    expect(over([ended(at('a1'), 'ok'), order('host_restarted', 'a1')])).toEqual([0, 0, 0]);
  });
});
