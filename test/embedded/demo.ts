import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoHosts } from './demo-hosts.ts';
import { startFleet } from './fleet.ts';

/** One host is down: that is what the run must end with. */
const EXPECTED = 4;

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(root, 'dist/cli.js');
if (!existsSync(cli)) {
  console.error('rollgate is not built yet: run npm ci (or npm run build) first.');
  process.exit(1);
}

const fleet = await startFleet({ hosts: demoHosts() });
console.log(`24 hosts that exist in this process speak SSH now, on ports of 127.0.0.1:
  agent[001-021]  two to five executors each; names with spaces and quotes in them
  agent007        a slow one
  agent013        down
  agent019        an executor whose framework does not checkpoint: left alone, and gone after the restart, as foretold
  agent[022-024]  public agents

rollgate run playbooks/executor-shutdown.yml -i ${fleet.inventoryFile} --yes
`);

const exitCode = await runRollgate();
console.log(explain(exitCode));
await fleet.stop();
process.exitCode = exitCode === EXPECTED ? 0 : 1;

function runRollgate(): Promise<number> {
  const variables = JSON.stringify({
    gdb_image: fleet.gdbImage.id,
    gdb_archive: fleet.gdbImage.archive,
    artifacts: join(fleet.directory, 'artifacts'),
    // Nobody waits for 90 s, host by host, to see how it goes.
    watch: 2,
  });
  const words = [
    cli,
    'run',
    join(root, 'playbooks/executor-shutdown.yml'),
    '-i',
    fleet.inventoryFile,
    '-e',
    variables,
    '--yes',
  ];
  const child = spawn(process.execPath, words, {
    stdio: 'inherit',
    env: { ...process.env, ROLLGATE_STATE_DIR: join(root, '.rollgate') },
  });
  // Ctrl-C reaches both through the terminal: rollgate drains, and the hosts must live until it has.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

function explain(exitCode: number): string {
  if (exitCode !== EXPECTED) return `\nThe run ended with exit code ${exitCode}; 4 was expected here.`;
  const restarted = [...fleet.hosts.values()].filter(({ state }) => (state.mesos?.agent.starts ?? 0) === 1).length;
  const promised = [...fleet.hosts.values()]
    .flatMap(({ state }) => state.mesos?.executors ?? [])
    .filter(({ spec }) => spec.checkpoint !== false);
  const lost = promised.filter(({ fate }) => fate === 'lost' || fate === 'killed').length;
  return `
Exit code 4, as expected here: agent013 is down by design and could not be reached.
${restarted} agents were restarted, once each; ${lost} of ${promised.length} executors with checkpointing were lost. Without the procedure those would
have been whose link had been idle for five days.
The journal and a log for each host are in .rollgate/runs.`;
}
