import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { hostLogs } from '../../src/report/host-logs.ts';
import type { ValueMap } from '../../src/source/value.ts';
import { at, BATCH, begun, ended, stamped } from '../journal/events.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'logs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const step = at('a', '1.tasks.2', 'Restart the agent');
const says = (text: string, stream: 'stdout' | 'stderr' = 'stdout'): RunEvent => ({
  type: 'command_output',
  ...step,
  stream,
  text,
});

async function logged(...events: readonly RunEvent[]): Promise<string> {
  const logs = hostLogs({ folder, onFault: (message) => expect.fail(message) });
  for (const event of stamped(...events)) logs.onEvent(event);
  await logs.finish();
  return readFileSync(join(folder, 'a.log'), 'utf8');
}

describe('a host’s log', () => {
  it('tells a step from its command to its outcome', async () => {
    expect(
      await logged(
        begun(step),
        { type: 'command_started', ...step, command: 'systemctl restart x\nsleep 1', purpose: 'work' },
        says('one\ntw'),
        says('o\n'),
        says('no break'),
        says('careful\n', 'stderr'),
        { type: 'command_finished', ...step, outcome: 'exited 1', ms: 1500 },
        { type: 'step_retried', ...step, attempt: 1, of: 4, delayMs: 5000, reason: 'not active' },
        { type: 'command_started', ...step, command: 'systemctl is-active x', purpose: 'verify', where: 'bastion' },
        ended(step, 'failed', { ms: 7000, ignored: true, result: { msg: 'still not active' } }),
      ),
    ).toBe(`\
2026-11-21T07:15:00.000Z -- Restart the agent (1.tasks.2; play "Upgrade", batch 1)
2026-11-21T07:15:01.000Z $ systemctl restart x
2026-11-21T07:15:01.000Z > sleep 1
2026-11-21T07:15:02.000Z   | one
2026-11-21T07:15:02.000Z   | two
2026-11-21T07:15:05.000Z   ! careful
2026-11-21T07:15:04.000Z   | no break
2026-11-21T07:15:06.000Z   exited 1 (1.5 s)
2026-11-21T07:15:07.000Z   attempt 1 of 4 did not do; again in 5.0 s: not active
2026-11-21T07:15:08.000Z $ [verify] on bastion systemctl is-active x
2026-11-21T07:15:09.000Z == failed (ignored) (7.0 s): still not active
`);
  });

  it.each([
    ['ok\r\n', '| ok'],
    ['\x1b[31mred\x07\n', '| \\x1b[31mred\\x07'],
    ['\n', '| '],
  ])('shows %j harmlessly', async (text, shown) => {
    expect(await logged(says(text))).toBe(`2026-11-21T07:15:00.000Z   ${shown}\n`);
  });

  it('shows what a gate looked at, and what was laid side by side', async () => {
    const checks: readonly ValueMap[] = [
      { check: 'disk', passed: false, why: '4 MiB\nfree' },
      { check: 'clock', passed: true, verdict: 'UNKNOWN', why: 'nobody says' },
      { check: 'agent', passed: true, why: 'active' },
    ];
    const table = ['        before  after', 'linked  \x1b[2J  fd 7'];
    const log = await logged(begun(step), ended(step, 'failed', { result: { checks, table, msg: 'no' } }));
    const shown = log.split('\n').map((line) => line.replace(/^\S+ /, ''));
    expect(shown).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ +FAIL disk: 4 MiB.+free$/),
        '  UNKNOWN clock: nobody says',
        '  PASS agent: active',
        '          before  after',
        expect.stringMatching(/^ {2}linked .*\[2J {2}fd 7$/),
      ]),
    );
    expect(log).not.toContain('\x1b');
  });

  it('keeps what a command said that never ended', async () => {
    expect(await logged(says('half a li'))).toContain('| half a li\n');
  });

  it('does not hold endless lines', async () => {
    const piece = 'x'.repeat(16_000);
    const log = await logged(...Array.from({ length: 10 }, () => says(piece)));
    expect(log.replace(/[^x]/g, '').length).toBe(160_000);
    expect(log.split('\n').length).toBeGreaterThan(2);
  });

  it('says when a host was refused, and when it is in a window', async () => {
    const log = await logged(
      { type: 'host_refused', ...BATCH, host: 'a', reason: 'held by ada' },
      { type: 'window_opened', ...BATCH, host: 'a', window: 'w' },
    );
    expect(log).toContain('== refused: held by ada\n');
    expect(log).toContain('-- window w opened\n');
  });

  it('is a file of its own for each of 600 hosts, whatever they are called, in the order of the events', async () => {
    const logs = hostLogs({ folder, onFault: (message) => expect.fail(message) });
    const hosts = Array.from({ length: 600 }, (_, index) => `../agent ${index}`);
    for (let round = 0; round < 5; round++) {
      for (const host of hosts) logs.onEvent(stamp(ended(at(host, `1.tasks.${round}`), 'ok'), new Date(round)));
      await new Promise(setImmediate);
    }
    await logs.finish();
    const names = readdirSync(folder);
    expect(names.length).toBe(600);
    for (const name of names) {
      expect((statSync(join(folder, name)).mode & 0o777).toString(8)).toBe('600');
      expect(readFileSync(join(folder, name), 'utf8').match(/\.00\dZ/g)).toEqual([
        '.000Z',
        '.001Z',
        '.002Z',
        '.003Z',
        '.004Z',
      ]);
    }
  });

  it('says once that it cannot be written, and lets the run go on', async () => {
    const faults: string[] = [];
    const logs = hostLogs({ folder: join(folder, 'missing'), onFault: (message) => faults.push(message) });
    for (const host of ['a', 'b', 'c']) logs.onEvent(stamp(ended(at(host), 'ok'), new Date(0)));
    await logs.finish();
    expect(faults).toEqual([expect.stringMatching(/missing cannot be written, the run goes on without them: ENOENT/)]);
  });

  it('lists what a gate looked at, passed or not', async () => {
    const checks = [
      { check: 'leader', passed: true, why: 'm1 is elected' },
      { check: 'tasks lost', passed: false, why: '1 since the beginning, 0 allowed\u001b[2J' },
    ];
    const log = await logged(begun(step), ended(step, 'refused', { result: { checks, msg: 'no' } }));
    expect(log.split('\n').map((line) => line.slice(25))).toEqual([
      expect.stringContaining('-- Restart the agent'),
      '  PASS leader: m1 is elected',
      '  FAIL tasks lost: 1 since the beginning, 0 allowed\\x1b[2J',
      '== refused (10 ms): no',
      '',
    ]);
  });
});
