import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { replay } from '../../src/journal/progress.ts';
import type { PlannedTask } from '../../src/plan/plan.ts';
import { linesReport } from '../../src/report/lines.ts';
import { NO_COLOURS } from '../../src/report/paint.ts';
import { recapOf } from '../../src/report/recap.ts';
import { recapLines } from '../../src/report/recap-text.ts';
import { summaryOf } from '../../src/report/summary.ts';
import { at, BATCH, begun, ended, PLAY, planned, RUN, stamped } from '../journal/events.ts';

const hosts = Array.from({ length: 12 }, (_, index) => `agent${String(index + 1).padStart(3, '0')}`);
const plan = planned([{ tasks: ['1.tasks.1'], batches: [hosts.slice(0, 8), hosts.slice(8)] }]);
const options = { plan, logFolder: 'runs/x/hosts', resumeCommand: 'rollgate resume 20261121T071500Z-7f3a' };
const refused: RunEvent = {
  type: 'host_refused',
  ...BATCH,
  host: 'agent008',
  reason: 'held by run y of ada since 06:00',
};
const docker = { result: { msg: 'non-zero return code', rc: 1, stderr: 'Cannot connect to the Docker daemon\n' } };

const EVENTS: readonly RunEvent[] = [
  RUN,
  { type: 'play_started', ...PLAY, hosts: 12 },
  { type: 'batch_started', ...BATCH, hosts: hosts.slice(0, 8) },
  refused,
  begun(at('agent001')),
  ended(at('agent001'), 'ok'),
  ended(at('agent002'), 'changed', { ms: 4240 }),
  ended(at('agent003'), 'changed'),
  ended(at('agent004'), 'failed', docker),
  ended(at('agent005'), 'failed', docker),
  ended(at('agent006'), 'unreachable', { result: { msg: 'no route to host' } }),
  { type: 'step_retried', ...at('agent007'), attempt: 1, of: 3, delayMs: 5000, reason: 'not yet' },
  begun(at('agent007')),
  { type: 'window_opened', ...BATCH, host: 'agent007', window: 'shutdown' },
  { type: 'warning', message: 'the clock\x1b[2J is off', host: 'agent001' },
  { type: 'stopping', scope: 'run', why: 'budget', reason: '3 of 8 hosts have failed, and 25% may' },
  { type: 'run_finished', exitCode: 4, reason: 'some hosts could not be reached' },
];
const progress = replay(stamped(...EVENTS));

const RECAP = `\
Run 20261121T071500Z-7f3a: 12 hosts in 16 s: some hosts could not be reached (exit code 4)
  ok             1  agent001
  changed        2  agent[002-003]
  failed         2  agent[004-005]
  unreachable    1  agent006
  refused        1  agent008
  unfinished     1  agent007
  not started    4  agent[009-012]

Failed:
  agent[004-005]: task 1.tasks.1: exit code 1: Cannot connect to the Docker daemon
      runs/x/hosts/agent004.log and 1 more beside it

Unreachable:
  agent006: task 1.tasks.1: no route to host
      runs/x/hosts/agent006.log

Refused:
  agent008: held by run y of ada since 06:00

Begun, and nobody knows whether it took:
  agent007: task 1.tasks.1, since 2026-11-21T07:15:12.000Z

Windows still open:
  agent007: shutdown, since 2026-11-21T07:15:13.000Z

Stopped:
  3 of 8 hosts have failed, and 25% may

To go on: rollgate resume 20261121T071500Z-7f3a`;

describe('the recap', () => {
  it('folds hosts, says what failed where and how to go on', () => {
    expect(recapLines(recapOf(progress, options), NO_COLOURS).join('\n')).toBe(RECAP);
  });

  it('has nothing more to say of a run in which all went well', () => {
    const all = planned([{ tasks: ['1.tasks.1'], batches: [['a']] }]);
    const done = replay(stamped(RUN, ended(at('a'), 'ok'), { type: 'run_finished', exitCode: 0, reason: 'all done' }));
    expect(recapLines(recapOf(done, { ...options, plan: all }), NO_COLOURS)).toEqual([
      'Run 20261121T071500Z-7f3a: 1 host in 2.0 s: all done (exit code 0)',
      '  ok             1  a',
    ]);
  });

  it('counts what would fill the screen', () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      ended(at(`h${index}x`), 'failed', { result: { msg: `reason ${index}` } }),
    );
    const lines = recapLines(recapOf(replay(stamped(RUN, ...many)), options), NO_COLOURS);
    expect(lines.filter((line) => line.includes('reason')).length).toBe(20);
    expect(lines).toContain('  … and 10 kinds more; all of them stand in summary.json');
  });

  it('keeps what no_log hides', () => {
    const hidden = replay(
      stamped(RUN, ended(at('a'), 'failed', { noLog: true, result: { msg: 'the password is hunter2' } })),
    );
    expect(
      JSON.stringify([...recapLines(recapOf(hidden, options), NO_COLOURS), summaryOf(hidden, options)]),
    ).not.toContain('hunter2');
  });
});

describe('summary.json', () => {
  it('holds the recap for programs', () => {
    expect(JSON.parse(JSON.stringify(summaryOf(progress, options)))).toMatchObject({
      version: 1,
      run: '20261121T071500Z-7f3a',
      exitCode: 4,
      startedAt: '2026-11-21T07:15:00.000Z',
      finishedAt: '2026-11-21T07:15:16.000Z',
      ms: 16_000,
      hosts: {
        agent001: { outcome: 'ok', steps: { ok: 1, changed: 0, skipped: 0, failed: 0, unreachable: 0, refused: 0 } },
        agent004: { outcome: 'failed' },
        agent012: { outcome: 'not_started', steps: { ok: 0 } },
      },
      failed: [
        {
          host: 'agent004',
          status: 'failed',
          play: 'Upgrade',
          batch: 1,
          task: 'task 1.tasks.1',
          taskId: '1.tasks.1',
          reason: 'exit code 1: Cannot connect to the Docker daemon',
          log: 'runs/x/hosts/agent004.log',
        },
        { host: 'agent005' },
        { host: 'agent006', status: 'unreachable' },
      ],
      refused: [{ host: 'agent008' }],
      resume: 'rollgate resume 20261121T071500Z-7f3a',
    });
  });
});

describe('lines', () => {
  it('read like a log', async () => {
    const stream = new PassThrough();
    const report = linesReport({ ...options, stream, progress: () => progress });
    for (const event of stamped(...EVENTS)) report.onEvent(event);
    await report.finish();
    expect(String(stream.read())).toBe(`\
07:15:00Z Run 20261121T071500Z-7f3a of site.yml on 3 hosts; logs in runs/x/hosts
07:15:01Z PLAY Upgrade (12 hosts)
07:15:02Z BATCH 1 of 2: agent[001-008] (8)
07:15:03Z agent008 | refused: held by run y of ada since 06:00
07:15:05Z agent001 | task 1.tasks.1 | ok | 10 ms
07:15:06Z agent002 | task 1.tasks.1 | changed | 4.2 s
07:15:07Z agent003 | task 1.tasks.1 | changed | 10 ms
07:15:08Z agent004 | task 1.tasks.1 | failed | 10 ms: exit code 1: Cannot connect to the Docker daemon
07:15:09Z agent005 | task 1.tasks.1 | failed | 10 ms: exit code 1: Cannot connect to the Docker daemon
07:15:10Z agent006 | task 1.tasks.1 | unreachable | 10 ms: no route to host
07:15:11Z agent007 | task 1.tasks.1 | attempt 1 of 3 did not do, again in 5.0 s: not yet
07:15:13Z agent007 | window shutdown opened
07:15:14Z WARNING: agent001: the clock\\x1b[2J is off
07:15:15Z STOPPING: 3 of 8 hosts have failed, and 25% may

${RECAP}
`);
  });

  it.each([
    ['a message', { msg: 'well' }, ': well'],
    ['a variable', { 'before.pid': 7 }, ': {"before.pid":7}'],
    [
      'each message of a loop',
      { msg: 'All items completed', results: ['a', 'b'].map((item) => ({ msg: `say ${item}`, item, failed: false })) },
      ': say a; say b',
    ],
    ['nothing', {}, ''],
  ])('of a debug task tell %s', async (_, said, shown) => {
    const debugging = { ...plan, plays: plan.plays.map((play) => ({ ...play, tasks: play.tasks.map(asDebug) })) };
    const stream = new PassThrough();
    const report = linesReport({ ...options, plan: debugging, stream, progress: () => progress });
    for (const event of stamped(ended(at('agent001'), 'ok', { result: { changed: false, failed: false, ...said } })))
      report.onEvent(event);
    await report.finish();
    expect(String(stream.read()).split('\n')[0]).toBe(`07:15:00Z agent001 | task 1.tasks.1 | ok | 10 ms${shown}`);
  });
});

const asDebug = (task: PlannedTask): PlannedTask => ({ ...task, action: 'debug' });
