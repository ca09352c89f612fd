import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { onEventCommand } from '../../src/commands/on-event.ts';
import { at, begun, ended, RUN, stamped } from '../journal/events.ts';
import { folderWith } from './terminal.ts';

const EVENTS = stamped(RUN, begun(at('a')), ended(at('a'), 'ok'));

it('tells a command each event of the journal, in order, and nothing of output', async () => {
  const file = join(folderWith({}), 'told');
  const warnings: string[] = [];
  const report = onEventCommand(`cat >> ${file}`, (message) => warnings.push(message));
  for (const event of EVENTS) report.onEvent(event);
  for (const event of stamped({ type: 'command_output', ...at('a'), stream: 'stdout', text: 'x' }))
    report.onEvent(event);
  await report.finish();
  const told = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(told.map((line) => JSON.parse(line))).toEqual(EVENTS);
  expect(warnings).toEqual([]);
});

it.each([
  ['exit 3', /ended with exit code 3/],
  ['kill -9 $$', /ended by SIGKILL/],
  ['/no/such/program', /exit code 127/],
  // It never reads what it is told, and more than a pipe holds.
  ['exec 0<&-; exit 1', /exit code 1/],
])('says once that %s did not do, and goes on', async (command, reason) => {
  const warnings: string[] = [];
  const report = onEventCommand(command, (message) => warnings.push(message));
  for (const event of stamped(...EVENTS, { type: 'warning', message: 'x'.repeat(1 << 20) })) report.onEvent(event);
  await report.finish();
  expect(warnings).toEqual([expect.stringMatching(reason)]);
});

it('drops what a command that is too slow has no time for, and says so once', async () => {
  const folder = folderWith({});
  const warnings: string[] = [];
  const report = onEventCommand(`cat >> ${folder}/told; [ -e ${folder}/once ] || { : > ${folder}/once; }`, (message) =>
    warnings.push(message),
  );
  const [event] = EVENTS;
  if (event === undefined) throw new Error('no event');
  // All of them come before the first command can have ended.
  for (let count = 0; count < 1200; count++) report.onEvent(event);
  expect(warnings).toEqual([expect.stringMatching(/too slow: more than 1000 events/)]);
  await report.finish();
}, 60_000);
