import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { journalLine } from '../../src/journal/lines.ts';
import { journalOf, windowPlan } from '../account/large-run.ts';
import { folderWith, rollgate } from './terminal.ts';

const RUN = '20261121T220000Z-7f3a';

/** A folder with a run in it, of which nobody knows but its files. */
function recorded(): string {
  const folder = folderWith({});
  const run = join(folder, '.rollgate/runs', RUN);
  const plan = windowPlan(['a1', 'a2']);
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, 'plan.json'), JSON.stringify(plan));
  writeFileSync(join(run, 'journal.jsonl'), journalOf(plan).map(journalLine).join(''));
  return folder;
}

it('writes the report of the latest run, in the form that each name asks for', async () => {
  const folder = recorded();
  const files = ['r.html', 'r.md', 'r.txt', 'r.json'];
  const ended = await rollgate(folder, 'report', ...files.flatMap((file) => ['-o', file]));
  expect(ended).toMatchObject({
    exitCode: 0,
    err: '',
    out: `Run ${RUN}\n${files.map((file) => `  ${file}\n`).join('')}`,
  });
  const [html, markdown, text, json] = files.map((file) => readFileSync(join(folder, file), 'utf8'));
  expect(html).toMatch(/^<!doctype html>[\s\S]*<svg/);
  expect(markdown).toMatch(/^# Roll: 2 hosts, all done/);
  expect(text).toMatch(/^Roll: 2 hosts, all done/);
  expect(JSON.parse(json ?? '')).toMatchObject({ version: 1, status: { state: 'complete' }, departures: [] });
});

it.each([
  ['a name that says no form', ['-o', 'r.doc'], 64, '.json, .html, .md, .txt'],
  ['no file', [], 64, '--output'],
  ['a run that is not there', ['2025', '-o', 'r.md'], 65, 'no run in'],
])('refuses %s', async (_, argv, exitCode, said) => {
  const ended = await rollgate(recorded(), 'report', ...argv);
  expect(ended.exitCode).toBe(exitCode);
  expect(ended.err).toContain(said);
});

it('refuses a run whose plan was changed', async () => {
  const folder = recorded();
  writeFileSync(join(folder, '.rollgate/runs', RUN, 'plan.json'), '{}');
  expect(await rollgate(folder, 'report', '-o', 'r.md')).toMatchObject({
    exitCode: 65,
    err: expect.stringContaining('is not the plan that was saved'),
  });
});
