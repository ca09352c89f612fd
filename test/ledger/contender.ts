// Acquires and releases holds as it is told on stdin, one order a line: `acquire KEY…`, `release`. Answers with what it holds.
import { createInterface } from 'node:readline';
import { Holds } from '../../src/ledger/holds.ts';
import { thisProcess } from '../../src/ledger/process.ts';

const holds = new Holds(process.argv[2] ?? '');
const owner = {
  run: `run-${process.pid}`,
  user: 'ada',
  since: '2026-11-21T07:15:00.000Z',
  playbook: 'site.yml',
  ...thisProcess(),
};
const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);

say({});
for await (const line of createInterface({ input: process.stdin })) {
  const [order, ...keys] = line.split(' ');
  if (order === 'acquire') say(holds.acquire(keys, owner));
  else {
    holds.release();
    say({});
  }
}
