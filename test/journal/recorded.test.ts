import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { standings } from '../../src/journal/derived.ts';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { replay } from '../../src/journal/progress.ts';
import { readJournal } from '../../src/journal/read.ts';
import { planId } from '../../src/plan/digest.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { folderWith, rollgate } from '../cli/terminal.ts';

const recorded = (name: string) => readFileSync(join(import.meta.dirname, 'recorded/version-1', name));

it('a journal and a plan of version 1, as they were once written, are read for ever', () => {
  const plan = JSON.parse(recorded('plan.json').toString()) as Plan;
  expect(planId(plan)).toBe(plan.id);
  const read = readJournal(recorded('journal.jsonl'));
  if (!read.ok) expect.fail(read.reason);
  expect([read.events.length, read.tornBytes]).toEqual([44, 0]);
  const progress = replay(read.events);
  expect(Object.fromEntries(standings(progress, plan))).toEqual({ a: 'changed', b: 'failed', c: 'failed' });
  expect(exitCodeOf(progress, plan, { interrupted: false, fault: false }).exitCode).toBe(2);
  expect([...progress.openWindows]).toEqual([]);
});

it('and a run of theirs is shown as any other', async () => {
  const state = folderWith({});
  cpSync(join(import.meta.dirname, 'recorded/version-1'), join(state, 'runs/20261121T151038Z-0aa6'), {
    recursive: true,
  });
  const { exitCode, out } = await rollgate(state, 'status', '--state-dir', state, '--format', 'json');
  expect([exitCode, JSON.parse(out)]).toEqual([
    0,
    expect.objectContaining({ run: '20261121T151038Z-0aa6', state: 'failed' }),
  ]);
});
