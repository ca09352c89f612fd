import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Captured, parseCapture } from '../../src/actions/mesos/capture-parse.ts';
import { askEverything } from '../../src/actions/mesos/capture-script.ts';
import { render } from '../../src/shell/script.ts';

/** A process with a link, a listening socket and a child, as an executor has them; prints a line once it has all. */
const EXECUTOR = `
const net = require('node:net');
process.title = 'ex (a) S 1';
const own = net.createServer().listen(0, '127.0.0.1', () => {
  const port = Number(process.env.PORT);
  if (port === 0) return console.log('up');
  const link = net.connect(port, '127.0.0.1', () => {
    require('node:child_process').spawn('sleep', ['60'], { stdio: 'ignore' });
    console.log('up');
  });
  link.on('error', () => {});
});
process.on('SIGTERM', () => process.exit(0));
`;

/** The id is made by a shell: Node cannot pass on what is no UTF-8. */
const LAUNCH = 'MESOS_EXECUTOR_ID=$(printf "$ID"); export MESOS_EXECUTOR_ID; exec "$NODE" -e "$PROGRAM"';

const SHELLS = [['/bin/sh'], ['/usr/bin/dash'], ['/usr/bin/busybox', 'sh'], ['/usr/bin/mksh']].filter(([path = '']) =>
  existsSync(path),
);

let agent: Server;
let port = 0;
const launched: ChildProcess[] = [];

beforeAll(async () => {
  agent = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  port = (agent.address() as AddressInfo).port;
  await Promise.all([
    launch({
      ID: 'linked "one"\\nwith $(id) \\377',
      PORT: String(port),
      MESOS_CHECKPOINT: '1',
      MESOS_RECOVERY_TIMEOUT: '15mins',
    }),
    launch({ ID: 'waiting', PORT: '0', MESOS_CHECKPOINT: '1' }),
    launch({ ID: 'unsafe', PORT: String(port), MESOS_CHECKPOINT: '0' }),
  ]);
});

afterAll(() => {
  for (const child of launched) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  agent.close();
});

function launch(variables: Record<string, string>): Promise<void> {
  const directory = `/sandbox/${launched.length}`;
  const env = {
    ...process.env,
    ...variables,
    MESOS_DIRECTORY: directory,
    MESOS_FRAMEWORK_ID: 'f',
    NODE: process.execPath,
    PROGRAM: EXECUTOR,
  };
  // A group of its own, so that the child it starts can be ended with it.
  const child = spawn('/bin/sh', ['-c', LAUNCH], { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  launched.push(child);
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the executor ended: ${code}`)));
  });
}

function capture([shell = '', ...before]: readonly string[]): Captured {
  const { stdout } = spawnSync(shell, [...before, '-c', render(askEverything(port))], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const found = parseCapture(stdout, port);
  if (found === undefined) throw new Error(`cut off: ${stdout}`);
  return found;
}

describe.each(SHELLS)('the capture script in %s', (...shell) => {
  it('finds the executors among the real processes of this machine', () => {
    const ours = new Set(launched.map(({ pid }) => pid));
    const { executors } = capture(shell.filter((word) => typeof word === 'string'));
    const found = executors.filter(({ pid }) => ours.has(pid));
    expect(found.map(({ id, standing, checkpoint, comm }) => ({ id, standing, checkpoint, comm }))).toEqual(
      expect.arrayContaining([
        { id: 'linked "one"\\x0awith $(id) \\xff', standing: 'linked', checkpoint: true, comm: 'ex (a) S 1' },
        { id: 'waiting', standing: 'waiting', checkpoint: true, comm: 'ex (a) S 1' },
        { id: 'unsafe', standing: 'linked', checkpoint: false, comm: 'ex (a) S 1' },
      ]),
    );
    // The children have the environment too.
    expect(executors.filter(({ framework }) => framework === 'f')).toEqual(found);
    expect(found.find(({ standing }) => standing === 'linked')?.links).toHaveLength(1);
  });
});
