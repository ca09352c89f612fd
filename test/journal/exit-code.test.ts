import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { replay } from '../../src/journal/progress.ts';
import { at, BATCH, begun, ended, planned, RUN, stamped } from './events.ts';

const plan = planned([{ tasks: ['1.tasks.1'], batches: [['a', 'b']] }]);
const batch: RunEvent = { type: 'batch_started', ...BATCH, hosts: ['a', 'b'] };
const done: readonly RunEvent[] = [batch, { type: 'batch_finished', ...BATCH }];
const lost = ended(at('a'), 'failed', { result: { lost: ['executor'] } });
const failed = ended(at('a'), 'failed');
const unreachable = ended(at('b'), 'unreachable');
const refused: RunEvent = { type: 'host_refused', ...BATCH, host: 'b', reason: 'held' };
const interrupted: RunEvent = { type: 'stopping', scope: 'run', why: 'interrupted', reason: 'Ctrl-C' };
const budget: RunEvent = { type: 'stopping', scope: 'run', why: 'budget', reason: 'too many' };
const quiet = { interrupted: false, fault: false };

describe('the exit code', () => {
  it.each<[number, string, readonly RunEvent[], object]>([
    [0, 'all done', done, {}],
    [
      0,
      'failures that were ignored or rescued',
      [...done, ended(at('a'), 'failed', { ignored: true }), ended(at('b'), 'failed', { rescued: true })],
      {},
    ],
    [0, 'nothing lost', [...done, ended(at('a'), 'ok', { result: { lost: [] } })], {}],
    [2, 'failed', [...done, failed], {}],
    [2, 'failed and refused', [...done, failed, refused], {}],
    [2, 'failed, so that the budget was spent', [...done, failed, budget], {}],
    [3, 'refused', [...done, refused], {}],
    [3, 'a gate said no', [...done, ended(at('a'), 'refused')], {}],
    [3, 'something is left', [batch, ended(at('a'), 'ok')], {}],
    [3, 'nobody knows whether a step took', [...done, begun(at('a'))], {}],
    [4, 'unreachable', [...done, unreachable], {}],
    [4, 'unreachable and failed', [...done, failed, unreachable], {}],
    [130, 'interrupted, by the journal', [...done, interrupted, unreachable], {}],
    [130, 'interrupted', [...done, failed], { interrupted: true }],
    [1, 'fault', [...done, unreachable], { interrupted: true, fault: true }],
    [5, 'lost', [...done, lost, unreachable], { interrupted: true, fault: true }],
    [
      5,
      'lost, and somebody wanted to ignore it',
      [...done, ended(at('a'), 'failed', { ignored: true, result: { lost: ['e'] } })],
      {},
    ],
  ])('%d: %s', (exitCode, _, events, circumstances) => {
    const progress = replay(stamped(RUN, ...events));
    expect(exitCodeOf(progress, plan, { ...quiet, ...circumstances }).exitCode).toBe(exitCode);
  });
});
