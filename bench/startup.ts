/** How long rollgate takes to start, as ratios to Node doing nothing, measured in turns so that all meet the same machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const ROUNDS = 15;
const root = join(import.meta.dirname, '..');
const cli = join(root, 'dist', 'cli.js');

const COMMANDS: readonly { readonly name: string; readonly argv: readonly string[] }[] = [
  { name: 'node -e 0', argv: ['-e', '0'] },
  { name: 'rollgate --version', argv: [cli, '--version'] },
  {
    name: 'rollgate check',
    argv: [cli, 'check', 'playbooks/executor-shutdown.yml', '-i', 'inventories/example.ini'],
  },
];

execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
const times = COMMANDS.map((): number[] => []);
for (let round = 0; round < ROUNDS; round += 1)
  for (const [index, { argv }] of COMMANDS.entries()) times[index]?.push(millisecondsOf(argv));
const [nothing = 0, ...rest] = times.map(median);
process.stdout.write(`${COMMANDS[0]?.name}: ${nothing.toFixed(0)} ms (median of ${ROUNDS})\n`);
for (const [index, time] of rest.entries())
  process.stdout.write(
    `${COMMANDS[index + 1]?.name}: ${time.toFixed(0)} ms, ${(time / nothing).toFixed(2)} times that\n`,
  );

function millisecondsOf(argv: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${argv.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
