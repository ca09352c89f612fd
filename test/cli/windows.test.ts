import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { journalLine } from '../../src/journal/lines.ts';
import { stamp } from '../../src/journal/stamp.ts';
import type { Entry } from '../../src/ledger/entry.ts';
import { closed, good } from '../ledger/entries.ts';
import { folderWith, rollgate, withoutNetwork } from './terminal.ts';

const HOUR_MS = 3_600_000;

/** An entry that holds for so many hours from now on, and some minutes: what is shown does not hang on seconds. */
function left(host: string, hours: number, address = host): Entry {
  const from = (ms: number) => new Date(Date.now() + ms).toISOString();
  return good(host, 0, {
    at: from(-HOUR_MS),
    renewedAt: from((hours - 120) * HOUR_MS),
    until: from(hours * HOUR_MS + HOUR_MS / 2),
    machine: `${address}:22`,
  });
}

function ledgerOf(entries: readonly Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

const at = (host: string) => ({ play: 'p', playNumber: 1, batch: 1, host, window: 'executor-shutdown' });

/** A run in a state dir, with its journal. */
function withRun(state: string, id: string, events: readonly (readonly [RunEvent, number])[]): void {
  const folder = join(state, 'runs', id);
  mkdirSync(folder, { recursive: true });
  const lines = events.map(([event, agoMs]) => journalLine(stamp(event, new Date(Date.now() - agoMs))));
  writeFileSync(join(folder, 'journal.jsonl'), lines.join(''));
}

describe('rollgate windows', () => {
  it('folds hosts by the time that is left, soonest first, and names what ran out and what nobody knows', async () => {
    const network = withoutNetwork();
    const entries = [left('a1', 30), left('a2', 30), left('a3', 2), left('a4', -5), closed('a5')];
    const folder = folderWith({
      '.rollgate/ledger.jsonl': ledgerOf(entries),
      hosts: 'a[1:7]\n',
    });
    const { exitCode, out, err } = await rollgate(folder, 'windows', '-i', 'hosts');
    expect([exitCode, err, network()]).toEqual([0, '', 0]);
    expect(out.split('\n').map((line) => line.trimEnd())).toEqual([
      'No window is open.',
      '',
      'agent-links:',
      '  ran out 4 h ago             1  a4',
      '  2 h left                    1  a3',
      '  30 h left                   2  a[1-2]',
      '  unknown                     2  a[6-7]',
      '  closed                      1  a5',
      '',
    ]);
  });

  it('shows windows that are open on top, with what is left of them, of runs that go on or died', async () => {
    const folder = folderWith({ '.rollgate/ledger.jsonl': ledgerOf([left('a1', 30)]) });
    const state = join(folder, '.rollgate');
    withRun(state, '20261121T071500Z-0001', [
      [{ type: 'window_opened', ...at('a1'), lengthMs: 900_000 }, 300_000],
      [{ type: 'window_opened', ...at('a2'), lengthMs: 900_000 }, 300_000],
      [{ type: 'window_closed', ...at('a2') }, 200_000],
    ]);
    withRun(state, '20261121T071500Z-0002', [[{ type: 'window_opened', ...at('a3'), lengthMs: 60_000 }, 300_000]]);
    withRun(state, '20261121T071500Z-0003', [[{ type: 'window_opened', ...at('a4') }, 300_000]]);
    mkdirSync(join(state, 'runs', '20261121T071500Z-0004'));
    const { out } = await rollgate(folder, 'windows');
    const [title, ...lines] = out.split('\n\n')[0]?.split('\n') ?? [];
    expect(title).toBe('Windows open now:');
    expect(lines.map((line) => line.split('  ').slice(1, 3))).toEqual([
      [expect.stringMatching(/^OVER for 4 min/), 'a3'],
      [expect.stringMatching(/^(10 min|9 min 5\d s) left$/), 'a1'],
      ['no deadline', 'a4'],
    ]);
    expect(lines[1]).toContain('rollgate resume 20261121T071500Z-0001');
  });

  it('names a line that cannot be read, and shows the others', async () => {
    const folder = folderWith({
      '.rollgate/ledger.jsonl': `${ledgerOf([left('a1', 3)])}{"torn\n${ledgerOf([left('a2', 3)])}`,
    });
    const { exitCode, out, err } = await rollgate(folder, 'windows');
    expect(exitCode).toBe(0);
    expect(err).toMatch(/^WARNING: .*ledger\.jsonl:2: this line cannot be read and is passed over: /);
    expect(out).toContain('3 h left                    2  a[1-2]');
  });

  it('foretells from the pace of the closings which hosts come too late', async () => {
    const from = (ms: number) => new Date(Date.now() + ms).toISOString();
    const done = [10, 8, 6, 4, 2].map((hours) => ({ ...closed(`d${hours}`), at: from(-hours * HOUR_MS) }) as Entry);
    const rest = Array.from({ length: 100 }, (_, index) => left(`a${index + 1}`, 100));
    const folder = folderWith({ '.rollgate/ledger.jsonl': ledgerOf([...done, ...rest]) });
    const { out } = await rollgate(folder, 'windows');
    expect(out).toContain(
      'Forecast: at the pace so far (one in 2 h) the last of the 100 that are left is closed in 8 d 8 h',
    );
    expect(out).toContain('50 of them TOO LATE: a[51-100]');
  });

  it('says so where nothing was noted yet', async () => {
    const { out } = await rollgate(folderWith({ hosts: 'a[1:3]\n' }), 'windows', '-i', 'hosts');
    expect(out).toMatch(/Nothing has been noted in .*ledger\.jsonl yet\.\n {2}unknown +3 {2}a\[1-3\]\n$/);
  });

  it('tells programs the same', async () => {
    const folder = folderWith({ state: '', 'there/ledger.jsonl': ledgerOf([left('a1', 3)]), hosts: 'a1\na2\n' });
    const args = ['windows', '-i', 'hosts', '--state-dir', 'there', '--format', 'json'];
    const told = JSON.parse((await rollgate(folder, ...args)).out);
    expect(told).toMatchObject({
      version: 1,
      open: [],
      unreadable: [],
      ledger: [
        { name: 'agent-links', good: [{ host: 'a1', measured: false }], expired: [], closed: [], unknown: ['a2'] },
      ],
    });
  });

  it('is right for 600 hosts, of which each was renewed several times', async () => {
    const hosts = Array.from({ length: 600 }, (_, index) => `a${index + 1}`);
    const passes = [10, 50, 100].flatMap((hours) => hosts.map((host) => left(host, hours)));
    const folder = folderWith({ '.rollgate/ledger.jsonl': ledgerOf(passes), hosts: 'a[1:610]\n' });
    const { out } = await rollgate(folder, 'windows', '-i', 'hosts');
    expect(out).toContain('  4 d 4 h left              600  a[1-600]\n');
    expect(out).toContain('  unknown                    10  a[601-610]\n');
  });
});
