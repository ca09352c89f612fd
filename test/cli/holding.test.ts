import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepBeating } from '../../src/commands/holding.ts';
import { Holds } from '../../src/ledger/holds.ts';
import { thisProcess } from '../../src/ledger/process.ts';
import { folderWith } from './terminal.ts';

const OWNER = { ...thisProcess(), run: 'r', user: 'ada', since: '2026-11-21T07:15:00.000Z', playbook: 'site.yml' };

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-11-21T07:15:00.000Z') }));
afterEach(() => void vi.useRealTimers());

function held() {
  const folder = join(folderWith({}), 'holds');
  const holds = new Holds(folder);
  holds.acquire(['a:22'], OWNER);
  return {
    holds,
    folder,
    seen: () => new Holds(folder).acquire(['a:22'], { ...OWNER, run: 'other' }).refused[0]?.seen,
  };
}

it('gives a sign of life every fifteen seconds while the run lasts, and none afterwards', () => {
  const { holds, seen } = held();
  const warned: string[] = [];
  const end = keepBeating(holds, (message) => warned.push(message));
  vi.advanceTimersByTime(60_000);
  expect(seen()).toBe('2026-11-21T07:16:00.000Z');
  end();
  vi.advanceTimersByTime(60_000);
  expect([seen(), warned]).toEqual(['2026-11-21T07:16:00.000Z', []]);
});

it('says so once where its holds have been taken away', () => {
  const { holds, folder } = held();
  rmSync(folder, { recursive: true });
  const warned: string[] = [];
  const end = keepBeating(holds, (message) => warned.push(message));
  vi.advanceTimersByTime(60_000);
  end();
  expect(warned).toEqual([
    expect.stringMatching(/^the holds of this run have been taken away, so another run may come/),
  ]);
});
