import { describe, expect, it } from 'vitest';
import { addressKey } from '../../src/journal/address.ts';
import { batchStatus, playStatus, runStatus, standings } from '../../src/journal/derived.ts';
import type { RunEvent } from '../../src/journal/event.ts';
import { replay } from '../../src/journal/progress.ts';
import { at, BATCH, begun, ended, PLAY, planned, RUN, stamped } from './events.ts';

const resumed: RunEvent = { type: 'run_resumed', run: 'r', operator: 'ada', bastion: 'b' };
const interrupted: RunEvent = { type: 'stopping', scope: 'run', why: 'interrupted', reason: 'Ctrl-C' };
const progressOf = (...events: readonly RunEvent[]) => replay(stamped(RUN, ...events));

describe('progress', () => {
  it('knows a step that was begun and not ended as unknown', () => {
    const progress = progressOf(begun(at('a')), ended(at('a'), 'ok'), begun(at('a', '1.tasks.2')));
    expect([...progress.steps.values()].map(({ status }) => status)).toEqual(['ok', 'started']);
    expect([...(progress.hosts.get('a')?.started ?? [])]).toEqual([addressKey(at('a', '1.tasks.2'))]);
  });

  it('keeps what a step came to, and when it was begun', () => {
    const progress = progressOf(begun(at('a')), ended(at('a'), 'changed', { ms: 312, result: { rc: 0 } }));
    expect(progress.steps.get(addressKey(at('a')))).toEqual({
      ...at('a'),
      startedAt: '2026-11-21T07:15:01.000Z',
      status: 'changed',
      ignored: false,
      rescued: false,
      noLog: false,
      notified: [],
      ms: 312,
      result: { rc: 0 },
    });
  });

  it('tells the same handler apart at the places where it was flushed', () => {
    const progress = progressOf(
      ended({ ...at('a'), flushedAt: 3 }, 'ok'),
      ended({ ...at('a'), flushedAt: 7 }, 'changed'),
    );
    expect(progress.steps.size).toBe(2);
  });

  it.each([
    [{}, 1],
    [{ ignored: true }, 0],
    [{ rescued: true }, 0],
  ])('counts as a failure of its host what was neither ignored nor rescued: %j', (end, failures) => {
    expect(progressOf(ended(at('a'), 'failed', end)).hosts.get('a')?.failures.size).toBe(failures);
  });

  it('lets a step that is done again replace what it came to', () => {
    const host = progressOf(ended(at('a'), 'failed'), resumed, begun(at('a')), ended(at('a'), 'ok')).hosts.get('a');
    expect(host?.counts).toMatchObject({ failed: 0, ok: 1 });
    expect(host?.failures.size).toBe(0);
  });

  it('forgets at a resume what had ended the run, and nothing else', () => {
    const progress = progressOf(
      begun(at('a')),
      interrupted,
      { type: 'run_finished', exitCode: 130, reason: 'interrupted' },
      resumed,
    );
    expect(progress).toMatchObject({ stops: [], resumedAt: ['2026-11-21T07:15:04.000Z'] });
    expect(progress.finished).toBeUndefined();
    expect(progress.hosts.get('a')?.started.size).toBe(1);
  });

  it('knows which windows are open', () => {
    const window = { ...BATCH, window: 'w' };
    const progress = progressOf(
      { type: 'window_opened', ...window, host: 'a' },
      { type: 'window_opened', ...window, host: 'b' },
      { type: 'window_closed', ...window, host: 'a' },
    );
    expect([...progress.openWindows.keys()]).toEqual(['b']);
  });

  it('lets a host in that was refused before the run was resumed', () => {
    const refused: RunEvent = { type: 'host_refused', ...BATCH, host: 'a', reason: 'held' };
    expect(progressOf(refused).hosts.get('a')?.refused).toBe('held');
    expect(progressOf(refused, resumed, begun(at('a'))).hosts.get('a')?.refused).toBeUndefined();
  });
});

const opened: RunEvent[] = [
  { type: 'play_started', ...PLAY, hosts: 2 },
  { type: 'batch_started', ...BATCH, hosts: ['a', 'b'] },
];
const closed: RunEvent[] = [
  { type: 'batch_finished', ...BATCH },
  { type: 'play_finished', ...PLAY },
];
const over = (exitCode: number): RunEvent => ({ type: 'run_finished', exitCode, reason: '' });

describe('the status of what has parts', () => {
  it.each<[string, readonly RunEvent[], readonly string[]]>([
    ['nothing has begun', [], ['pending', 'pending', 'running']],
    ['under way', opened, ['running', 'running', 'running']],
    ['all done', [...opened, ...closed, over(0)], ['complete', 'complete', 'complete']],
    ['somebody failed', [...opened, ended(at('b'), 'failed'), ...closed, over(2)], ['failed', 'failed', 'failed']],
    ['stopped', [...opened, interrupted, over(130)], ['stopped', 'stopped', 'stopped']],
  ])('is derived: %s', (_, events, statuses) => {
    const progress = progressOf(...events);
    expect([batchStatus(progress, 1, 1), playStatus(progress, 1), runStatus(progress)]).toEqual(statuses);
  });
});

describe('what a host came to', () => {
  const plan = planned([{ tasks: ['1.tasks.1', '1.tasks.2'], batches: [['a', 'b']] }]);
  const second = (host: string) => at(host, '1.tasks.2');

  it.each<[string, readonly RunEvent[], string]>([
    ['not begun', opened, 'not_started'],
    ['begun', [...opened, begun(at('a'))], 'unfinished'],
    ['half way', [...opened, ended(at('a'), 'ok')], 'unfinished'],
    ['all its tasks', [...opened, ended(at('a'), 'ok'), ended(second('a'), 'changed')], 'changed'],
    ['its batch is over', [...opened, ended(at('a'), 'ok'), ...closed], 'ok'],
    ['it was let go', [...opened, ended(at('a'), 'ok', { result: { ends: 'host' } })], 'ok'],
    ['failed', [...opened, ended(at('a'), 'failed'), ...closed], 'failed'],
    ['unreachable', [...opened, ended(at('a'), 'unreachable'), ...closed], 'unreachable'],
    ['failure ignored', [...opened, ended(at('a'), 'failed', { ignored: true }), ended(second('a'), 'ok')], 'ok'],
    ['refused', [...opened, { type: 'host_refused', ...BATCH, host: 'a', reason: 'held' }, ...closed], 'refused'],
    ['a gate said no', [...opened, ended(at('a'), 'refused'), ...closed], 'refused'],
    ['unknown at the end', [...opened, begun(at('a')), ...closed], 'unfinished'],
  ])('%s', (_, events, standing) => {
    expect(standings(progressOf(...events), plan).get('a')).toBe(standing);
  });
});
