import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { standings } from '../../src/journal/derived.ts';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { replay } from '../../src/journal/progress.ts';
import { readJournal } from '../../src/journal/read.ts';
import { planId } from '../../src/plan/digest.ts';
import type { Plan } from '../../src/plan/plan.ts';

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
