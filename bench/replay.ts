/**
 * How long a look at a finished run takes: `rollgate status` on 600 hosts with 20 tasks, beside `node -e 0`, and the
 * folding of a journal of 100,000 events in this process.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, StepAddress } from '../src/journal/event.ts';
import { journalLine } from '../src/journal/lines.ts';
import { replay } from '../src/journal/progress.ts';
import { readJournal } from '../src/journal/read.ts';
import { stamp } from '../src/journal/stamp.ts';
import type { Plan } from '../src/plan/plan.ts';
import { planOf } from '../test/engine/harness.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const root = join(import.meta.dirname, '..');
const state = mkdtempSync(join(tmpdir(), 'rollgate-bench-'));
try {
  spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  const small = writeRun('20261121T071500Z-0001', 600, 20);
  const large = writeRun('20261121T081500Z-0002', 2500, 20);
  const bare = median(() => timed(['-e', '0']));
  const status = median(() => timed([join(root, 'dist/cli.js'), 'status', small.id, '--state-dir', state]));
  console.log(`node -e 0                               ${seconds(bare)}`);
  console.log(
    `status of a run with ${small.events} events       ${seconds(status)}  ${(status / bare).toFixed(1)} times that`,
  );
  const bytes = readFileSync(large.journal);
  console.log(`reading and folding ${large.events} events       ${seconds(median(() => folded(bytes)))}`);
} finally {
  rmSync(state, { recursive: true, force: true });
}

function writeRun(id: string, hosts: number, tasks: number) {
  const folder = join(state, 'runs', id);
  const { plan } = planOf({
    playbook: `- name: Roll\n  hosts: all\n  serial: 50\n  tasks:\n${Array.from({ length: tasks }, (_, index) => `    - {name: task ${index + 1}, raw: "true"}\n`).join('')}`,
    inventory: Array.from({ length: hosts }, (_, index) => `agent${String(index + 1).padStart(4, '0')}\n`).join(''),
  });
  const events = eventsOf(id, hosts, plan);
  mkdirSync(join(folder, 'hosts'), { recursive: true });
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
  const journal = join(folder, 'journal.jsonl');
  writeFileSync(journal, events.map((event, index) => journalLine(stamp(event, new Date(index * 10)))).join(''));
  return { id, journal, events: events.length };
}

function eventsOf(run: string, hosts: number, { id, plays }: Plan): readonly RunEvent[] {
  const [play] = plays;
  if (play === undefined) throw new Error('no play');
  const title = { play: play.name, playNumber: play.number };
  const about = { rollgate: '0', operator: 'ada', bastion: 'bastion', folder: '/', playbook: 'site.yml' };
  const started: RunEvent = {
    type: 'run_started',
    version: 1,
    run,
    plan: id,
    hosts,
    sources: { inventory: [], variables: [] },
    ...about,
  };
  const batches = play.batches.flatMap((batch): RunEvent[] => [
    { type: 'batch_started', ...title, batch: batch.number, hosts: batch.hosts },
    ...play.tasks.flatMap((task) =>
      batch.hosts.flatMap((host) => step({ ...title, batch: batch.number, host, task: task.name, taskId: task.id })),
    ),
    { type: 'batch_finished', ...title, batch: batch.number },
  ]);
  const ended: RunEvent = { type: 'run_finished', exitCode: 0, reason: 'all done' };
  return [started, { type: 'play_started', ...title, hosts }, ...batches, { type: 'play_finished', ...title }, ended];
}

function step(address: StepAddress): RunEvent[] {
  const result = {
    changed: true,
    rc: 0,
    stdout: 'x'.repeat(80),
    stderr: '',
    stdout_lines: ['x'.repeat(80)],
    stderr_lines: [],
  };
  const plain = { ignored: false, rescued: false, noLog: false, notified: [] };
  return [
    { type: 'step_started', ...address },
    { type: 'step_finished', ...address, ...plain, status: 'changed', ms: 120, result },
  ];
}

function timed(args: readonly string[]): number {
  const from = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return performance.now() - from;
}

function folded(bytes: Uint8Array): number {
  const from = performance.now();
  const read = readJournal(bytes);
  if (!read.ok) throw new Error(read.reason);
  replay(read.events);
  return performance.now() - from;
}

function median(measure: () => number): number {
  const sorted = Array.from({ length: ROUNDS }, measure).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`.padStart(8);
}
