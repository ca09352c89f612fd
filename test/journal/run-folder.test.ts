import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRunFolder, findRun, listRuns, runIdAt, savePlan, saveSummary } from '../../src/journal/run-folder.ts';

let state = '';
beforeEach(() => {
  state = join(mkdtempSync(join(tmpdir(), 'state-')), 'deep', 'state');
});
afterEach(() => rmSync(join(state, '../..'), { recursive: true, force: true }));

const NOW = new Date('2026-11-21T07:15:00.123Z');
const drawing =
  (...numbers: number[]) =>
  () =>
    (numbers.shift() ?? 0x10000) / 0x10000;
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('a run’s folder', () => {
  it('has a name that sorts by time', () => {
    expect(runIdAt(NOW, drawing(0x7f3a))).toBe('20261121T071500Z-7f3a');
    expect(runIdAt(NOW, drawing(1))).toBe('20261121T071500Z-0001');
  });

  it('is nobody else’s business', async () => {
    const folder = await createRunFolder(state, NOW, drawing(1));
    await savePlan(folder, { version: 1 });
    expect([modeOf(folder.path), modeOf(folder.hostsDir), modeOf(folder.planFile)]).toEqual(['700', '700', '600']);
  });

  it('is never another run’s', async () => {
    const first = await createRunFolder(state, NOW, drawing(1));
    const second = await createRunFolder(state, NOW, drawing(1, 1, 2));
    expect([first.id, second.id]).toEqual(['20261121T071500Z-0001', '20261121T071500Z-0002']);
    await expect(createRunFolder(state, NOW, () => 1 / 0x10000)).rejects.toThrow('no free run id');
  });

  it('is replaced file by file, with nothing left beside', async () => {
    const folder = await createRunFolder(state, NOW, drawing(1));
    await saveSummary(folder, { exitCode: 3 }, ['a1', 'a2']);
    await saveSummary(folder, { exitCode: 0 }, []);
    expect(JSON.parse(readFileSync(folder.summaryFile, 'utf8'))).toEqual({ exitCode: 0 });
    expect(readdirSync(folder.path).sort()).toEqual(['hosts', 'hosts-not-done.txt', 'summary.json']);
  });
});

describe('finding a run', () => {
  it('says so when there is none', async () => {
    expect(await listRuns(state)).toEqual([]);
    expect(await findRun(state)).toEqual({ ok: false, reason: expect.stringContaining('no runs') });
  });

  it.each([
    [undefined, '20261122T000000Z-0001'],
    ['20261122', '20261122T000000Z-0001'],
    ['20261121T071500Z-0002', '20261121T071500Z-0002'],
    ['20261121', 'fits 2 runs'],
    ['2025', 'begins with "2025"'],
    ['', 'begins with ""'],
    ['../runs', 'begins with "../runs"'],
  ])('by %j', async (id, found) => {
    await createRunFolder(state, NOW, drawing(1));
    await createRunFolder(state, NOW, drawing(2));
    await createRunFolder(state, new Date('2026-11-22T00:00:00Z'), drawing(1));
    mkdirSync(join(state, 'runs', 'zzz'));
    writeFileSync(join(state, 'runs', '20271121T071500Z-0001'), 'a file');
    const run = await findRun(state, id);
    expect(run.ok ? run.folder.id : run.reason).toContain(found);
  });
});
