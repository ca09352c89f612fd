import { execFile } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { noProgress, replay } from '../../src/journal/progress.ts';
import { columnsOf } from '../../src/report/columns.ts';
import { frame } from '../../src/report/frame.ts';
import { COLOURS, NO_COLOURS } from '../../src/report/paint.ts';
import { Counting } from '../../src/report/tally.ts';
import { terminalReport } from '../../src/report/terminal.ts';
import { at, BATCH, begun, ended, PLAY, planned, RUN, stamped } from '../journal/events.ts';

const hosts = Array.from({ length: 601 }, (_, index) => `agent${String(index + 1).padStart(3, '0')}`);
const plan = planned([{ tasks: ['1.tasks.1', '1.tasks.2'], batches: [hosts.slice(0, 1), hosts.slice(1)] }]);
const second = { ...BATCH, batch: 2 };
const inSecond = (host: string, task = '1.tasks.1') => ({ ...at(host, task), batch: 2 });

const EVENTS: readonly RunEvent[] = [
  RUN,
  { type: 'play_started', ...PLAY, hosts: 601 },
  { type: 'batch_started', ...BATCH, hosts: hosts.slice(0, 1) },
  ...['1.tasks.1', '1.tasks.2'].map((task) => ended(at('agent001', task), 'ok', { ms: 60_000 })),
  { type: 'batch_finished', ...BATCH },
  { type: 'batch_started', ...second, hosts: hosts.slice(1) },
  begun(inSecond('agent002')),
  ended(inSecond('agent002'), 'failed', { ms: 60_000, result: { msg: 'docker is down' } }),
  ended(inSecond('agent003'), 'ok', { ms: 60_000 }),
  ended(inSecond('agent004'), 'unreachable', { ms: 60_000, result: { msg: 'no route to host' } }),
  { type: 'window_opened', ...second, host: 'agent003', window: 'w' },
  begun(inSecond('agent003', '1.tasks.2')),
  { type: 'step_retried', ...inSecond('agent003', '1.tasks.2'), attempt: 1, of: 4, delayMs: 5000, reason: 'not yet' },
  ...hosts.slice(4, 34).map((host) => begun(inSecond(host))),
];
const NOW = Date.parse('2026-11-21T07:16:30.000Z');

function screenAfter(
  events: readonly RunEvent[],
  size: { readonly columns: number; readonly rows: number },
  paint = NO_COLOURS,
) {
  const counting = new Counting(plan);
  for (const event of stamped(...events)) counting.count(event);
  return frame(counting.tally, size, NOW, paint);
}

describe('the screen', () => {
  it.each([
    [180, 'window 100 s left'],
    [60, 'window 20 s OVER'],
  ])('counts a window of %i s down: %s', (seconds, shown) => {
    const open: RunEvent[] = [
      { type: 'window_opened', ...second, host: 'agent003', window: 'w', lengthMs: seconds * 1000 },
      begun(inSecond('agent003')),
    ];
    const rows = screenAfter([...EVENTS.slice(0, 10), ...open], { columns: 100, rows: 14 });
    expect(rows.filter((row) => row.includes('agent003') && row.includes('window')).join()).toContain(shown);
  });

  it('shows play, batches, hosts under way and the newest failures', () => {
    expect(screenAfter(EVENTS, { columns: 77, rows: 14 })).toEqual(
      [
        'site.yml · run 20261121T071500Z-7f3a · 1 min 30 s',
        '⠋ Play Upgrade · 3/601 hosts · 1 failed · 1 unreachable · about 2 h left',
        '  ✔ batch 1: 1/1 hosts',
        '  ▶ batch 2/2 · 2/600 hosts · 1 failed · 1 unreachable · agent[002-601]',
        '    agent003  task 1.tasks.2                    1 min 18 s, try 2/4, window 1 min 19 s',
        '    agent005  task 1.tasks.1                                        1 min 16 s',
      ]
        .map((row, index) =>
          index === 4
            ? expect.stringMatching(/agent003 {2}task 1\.tasks\.2 +1 min 18 s, try 2\/4, window 1 min 19 s$/)
            : index === 5
              ? expect.stringMatching(/agent005 {2}task 1\.tasks\.1 +1 min 16 s$/)
              : row,
        )
        .concat([
          expect.stringContaining('agent006'),
          expect.stringContaining('agent007'),
          expect.stringContaining('agent008'),
          expect.stringContaining('agent009'),
          '    … and 25 more hosts under way',
          '  ✖ agent004 unreachable: task 1.tasks.1: no route to host',
          '  ✖ agent002 failed: task 1.tasks.1: docker is down',
        ]),
    );
  });

  it('says loudly that the run is being stopped, and what it waits for', () => {
    const stopping: RunEvent = { type: 'stopping', scope: 'run', why: 'interrupted', reason: 'Ctrl-C' };
    const rows = screenAfter([...EVENTS.slice(0, 14), stopping], { columns: 100, rows: 24 }, COLOURS);
    expect(rows[1]).toMatch(/^\x1b\[7m STOPPING for 1 min 1\d s: Ctrl-C +\x1b\[27m$/);
    expect(rows[2]).toContain('waiting for 1 host: agent003, 1 in a window that must not be interrupted');
  });

  it('never takes more rows or columns than there are, whatever happens', () => {
    const hostile = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
    const size = fc.record({ columns: fc.integer({ min: 20, max: 200 }), rows: fc.integer({ min: 5, max: 60 }) });
    fc.assert(
      fc.property(size, fc.array(hostile, { maxLength: 40 }), fc.boolean(), (room, names, stopped) => {
        const stop: RunEvent = { type: 'stopping', scope: 'run', why: 'interrupted', reason: names.join() };
        const failures = names.flatMap((name) => [
          ended(at(`x${name}`, name, name), 'failed', { result: { msg: name } }),
        ]);
        const rows = screenAfter(
          [...EVENTS, ...failures, ...names.map((name) => begun(at(name, 't', name))), ...(stopped ? [stop] : [])],
          room,
        );
        expect(rows.length).toBeLessThanOrEqual(Math.min(20, room.rows - 1));
        for (const row of rows) expect(columnsOf(row)).toBeLessThanOrEqual(room.columns);
        for (const row of rows) expect(row).not.toMatch(/[\x00-\x1f]/);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a terminal', () => {
  it('shows the rows, makes room when a person is asked, and ends with the recap alone', async () => {
    const stream = someTerminal();
    const events = stamped(...EVENTS);
    const progress = replay(events);
    const report = terminalReport({
      plan,
      stream,
      colour: false,
      now: () => NOW,
      progress: () => progress,
      logFolder: 'hosts',
      resumeCommand: 'rollgate resume',
    });
    for (const event of events) report.onEvent(event);
    const shown = await untilText(stream, /Play Upgrade · 3\/601 hosts/);
    expect(shown).toContain('✖ agent002 failed');
    await report.suspend();
    stream.write('asked and answered\n');
    report.resume();
    const again = await untilText(stream, /asked and answered[\s\S]*Play Upgrade/);
    expect(again).toContain('agent005');
    await report.finish();
    const end = stripVTControlCharacters(String(stream.read()));
    expect(end).toMatch(/Run 20261121T071500Z-7f3a: 601 hosts[\s\S]*To go on: rollgate resume\n$/);
    expect(stream.listenerCount('resize')).toBe(0);
  });

  it('prints warnings above the rows, to stay', async () => {
    const stream = someTerminal();
    const report = terminalReport({ ...quiet, stream });
    for (const event of stamped(RUN, { type: 'warning', host: 'agent001', message: 'its clock is\x1b[2J off' })) {
      report.onEvent(event);
    }
    const text = await untilText(stream, /off\n[\s\S]*site\.yml/);
    expect(text).toContain('WARNING: agent001: its clock is\\x1b[2J off\n');
    await report.finish();
  });

  it('loses no warning that comes last', async () => {
    const stream = someTerminal();
    const report = terminalReport({ ...quiet, stream });
    for (const event of stamped({ type: 'warning', message: 'the last words' })) report.onEvent(event);
    await report.finish();
    expect(stripVTControlCharacters(String(stream.read()))).toMatch(/WARNING: the last words\nRun/);
  });

  it('counts what was done before a run was resumed', async () => {
    const stream = someTerminal();
    const before = replay(stamped(...EVENTS));
    const report = terminalReport({ ...quiet, stream, progress: () => before });
    for (const event of stamped({ type: 'run_resumed', run: 'r', operator: 'ada', bastion: 'b' }))
      report.onEvent(event);
    expect(await untilText(stream, /site\.yml[\s\S]*agent004/)).toContain(
      'Play Upgrade · 3/601 hosts · 1 failed · 1 unreachable',
    );
    await report.finish();
  });

  it('does not keep a process alive that has nothing else to do', async () => {
    const child = fileURLToPath(new URL('print-events.ts', import.meta.url));
    await expect(promisify(execFile)(process.execPath, ['--import', 'tsx', child, 'screen'])).resolves.toBeDefined();
  });
});

const quiet = {
  plan,
  colour: false,
  now: () => NOW,
  progress: noProgress,
  logFolder: 'hosts',
  resumeCommand: 'rollgate resume',
};

function someTerminal() {
  return Object.assign(new PassThrough(), { columns: 100, rows: 30 }) as unknown as NodeJS.WriteStream & PassThrough;
}

async function untilText(stream: PassThrough, wanted: RegExp): Promise<string> {
  let text = '';
  while (!wanted.test(stripVTControlCharacters(text))) {
    const chunk: unknown = stream.read();
    if (chunk === null) await new Promise((resolve) => stream.once('readable', resolve));
    else text += String(chunk);
  }
  return stripVTControlCharacters(text);
}
