import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ASK_RECOVERY } from '../../src/actions/mesos/agent-return.ts';
import { type Captured, parseCapture } from '../../src/actions/mesos/capture-parse.ts';
import { askEverything } from '../../src/actions/mesos/capture-script.ts';
import type { Executor } from '../../src/actions/mesos/facts.ts';
import { procedureScript } from '../../src/actions/mesos/procedure-script.ts';
import { ASK_SURROUNDINGS } from '../../src/actions/mesos/surroundings.ts';
import { render } from '../../src/shell/script.ts';
import { leaveOut } from '../actions/machine.ts';

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

/** A C library and a program of our own, which can be taken away while they are in use. */
const folder = mkdtempSync(join(tmpdir(), 'rollgate-executors-'));

let agent: Server;
let port = 0;
let status = 200;
const launched: ChildProcess[] = [];
let namesake: number | undefined;

/** The agent: executors' links and HTTP on one port. What was recorded is what it says. */
function answer(path: string): string {
  if (path === '/metrics/snapshot')
    return readFileSync(new URL('./recorded/agent-metrics.json', import.meta.url), 'utf8');
  const tasks = [{ id: 't', name: 'a "task"', state: 'TASK_RUNNING' }];
  return JSON.stringify({
    id: 'S7',
    frameworks: [{ id: 'f', executors: [{ id: 'waiting', tasks, queued_tasks: [] }] }],
  });
}

beforeAll(async () => {
  agent = createServer((request, response) => {
    response.statusCode = status;
    response.end(answer(request.url ?? ''));
  });
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  port = (agent.address() as AddressInfo).port;
  await Promise.all([
    launch({
      ID: 'linked "one"\\nwith $(id) \\377',
      PORT: String(port),
      MESOS_CHECKPOINT: '1',
      MESOS_RECOVERY_TIMEOUT: '1.5hrs',
    }),
    launch({ ID: 'waiting', PORT: '0', MESOS_CHECKPOINT: '1' }),
    launch({ ID: 'unsafe', PORT: String(port), MESOS_CHECKPOINT: '0' }),
    launchReplaced(),
    launchNamesake(),
  ]);
});

afterAll(() => {
  for (const child of launched) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  agent.closeAllConnections();
  agent.close();
  rmSync(folder, { recursive: true });
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
  return started(spawn('/bin/sh', ['-c', LAUNCH], { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true }));
}

/** It runs on with a C library and a program of which others have taken the place since. */
async function launchReplaced(): Promise<void> {
  const libc = /\S+\/libc\.so\.6$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? '';
  const [ownLibc, own] = [join(folder, 'libc.so.6'), join(folder, 'own sleep')];
  copyFileSync(libc, ownLibc);
  copyFileSync('/bin/sleep', own);
  const env = {
    LD_LIBRARY_PATH: folder,
    MESOS_EXECUTOR_ID: 'replaced',
    MESOS_FRAMEWORK_ID: 'f',
    MESOS_CHECKPOINT: '1',
  };
  const script = 'echo up; exec "$0" 600';
  const child = spawn('/bin/sh', ['-c', script, own], { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  await started(child);
  const hasBegun = () => [own, ownLibc].every((file) => readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes(file));
  while (!hasBegun()) await new Promise(setImmediate);
  rmSync(own);
  rmSync(ownLibc);
  copyFileSync(libc, ownLibc);
}

/** Called as the old procedure's pattern wanted an executor to be called, and none. */
function launchNamesake(): Promise<void> {
  const child = spawn('/bin/sleep', ['600'], { argv0: 'mesos-execute', stdio: 'ignore', detached: true });
  launched.push(child);
  namesake = child.pid;
  return new Promise((resolve) => child.once('spawn', () => resolve()));
}

// A group of its own, so that the child it starts can be ended with it.
function started(child: ChildProcess): Promise<void> {
  launched.push(child);
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the executor ended: ${code}`)));
  });
}

async function capture([shell = '', ...before]: readonly string[], path = process.env.PATH): Promise<Captured> {
  const script = render(askEverything(port, [ASK_SURROUNDINGS, ASK_RECOVERY]));
  const child = spawn(shell, [...before, '-c', script], {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const printed = await text(child.stdout);
  const found = parseCapture(printed, port);
  if (found === undefined) throw new Error(`cut off: ${printed}`);
  return found;
}

const called = (executors: readonly Executor[], id: string) => executors.find((executor) => executor.id === id);

describe.each(SHELLS)('the capture script in %s', (...shell) => {
  it('finds the executors among the real processes of this machine', async () => {
    const ours = new Set(launched.map(({ pid }) => pid));
    const { executors, api, surroundings, clock } = await capture(shell.filter((word) => typeof word === 'string'));
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
    expect(executors.map(({ pid }) => pid)).not.toContain(namesake);
    const linked = found.find(({ id }) => id.startsWith('linked'));
    expect(linked).toMatchObject({
      recoveryTimeoutSeconds: 5400,
      sandbox: '/sandbox/0',
      libc: { state: 'on disk' },
      exe: { path: process.execPath, deleted: false },
      tasks: [],
      cgroups: expect.arrayContaining([expect.stringMatching(/^\d+:.*:\//)]),
    });
    expect(linked?.ageSeconds).toBeLessThan(600);
    expect(linked?.links).toHaveLength(1);
    expect(called(found, 'waiting')?.tasks).toEqual([{ id: 't', name: 'a "task"', state: 'TASK_RUNNING' }]);
    expect(called(found, 'replaced')).toMatchObject({
      libc: { path: join(folder, 'libc.so.6'), state: 'replaced' },
      exe: { path: join(folder, 'own sleep'), deleted: true },
      standing: 'unlinked',
    });
    expect(api).toMatchObject({ told: 'answered', id: 'S7', registered: true });
    expect(surroundings?.rooms.map(({ freeKib = 0 }) => freeKib > 0)).toEqual([true, true, true]);
    expect(clock?.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  });
});

describe('the capture script on a host whose /tmp is full', () => {
  const isPossible = ['mksh', 'unshare'].every(
    (tool) => spawnSync(tool, [tool === 'mksh' ? '-c' : '-m', 'true']).status === 0,
  );
  if (!isPossible) leaveOut('it needs root, and a shell that puts here-documents into files: mksh');
  else
    it('sees the C library all the same', async () => {
      const full = join(folder, 'full');
      mkdirSync(full);
      const fill = 'mount -t tmpfs -o size=4k none "$0" && { cat /dev/zero >"$0/fill"; TMPDIR=$0 exec mksh "$@"; }';
      const { executors } = await capture(['unshare', '-m', '/bin/sh', '-c', fill, full]);
      expect(executors.find(({ id }) => id.startsWith('linked'))?.libc?.state).toBe('on disk');
    });
});

/** Beside its link: a listening socket, a connection that came in on it, and one to a port that has 1 before the agent's. */
const ENTANGLED = `
const net = require('node:net');
const port = Number(process.env.PORT);
const own = net.createServer((socket) => console.log('up')).listen(0, '127.0.0.1', () => {
  net.connect(port, '127.0.0.1', () => net.connect(port + 10000, '127.0.0.1', () => net.connect(own.address().port, '127.0.0.1')));
});
`;

describe.each(SHELLS)('the procedure on the host, before each call, in %s', (...shell) => {
  const servers: Server[] = [];
  let at = 0;

  beforeAll(async () => {
    for (at = 5051; servers.length < 2; at += 1) {
      for (const server of servers.splice(0)) server.close();
      for (const wanted of [at, at + 10_000]) if (await listen(wanted)) break;
    }
    at -= 1;
  });
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** Whether it could not. */
  function listen(wanted: number): Promise<boolean> {
    const server = createServer();
    return new Promise((resolve) => {
      server.once('error', () => resolve(true));
      server.listen(wanted, '127.0.0.1', () => {
        servers.push(server);
        resolve(false);
      });
    });
  }

  /** The script, but for its last part: what it does. */
  async function linksOf(pid: number | undefined): Promise<readonly string[]> {
    const input = { run: 'r', unit: 'u', instance: 'i', image: '', privileged: false, targets: [], isOpen: false };
    const times = { lengthSeconds: 1, reserveSeconds: 1, maxDownSeconds: 1 };
    const whole = render(procedureScript({ ...input, ...times, port: at }, folder));
    const script = `${whole.slice(0, whole.indexOf('\nmain() {'))}\nlinks_of ${pid}`;
    const [program = '', ...words] = shell.filter((word) => typeof word === 'string');
    const child = spawn(program, [...words, '-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    return (await text(child.stdout)).split('\n').filter((line) => line !== '');
  }

  it('finds the link of an executor, by its far end, and nothing else that has to do with the port', async () => {
    const env = { ...process.env, PORT: String(at) };
    const child = spawn(process.execPath, ['-e', ENTANGLED], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    await started(child);
    const found = await linksOf(child.pid);
    expect(found).toHaveLength(1);
    const [, inode = ''] = found[0]?.split(' ') ?? [];
    const row = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .find((line) => line.includes(` ${inode} `));
    expect(row?.trim().split(/\s+/).slice(2, 4)).toEqual([
      `0100007F:${at.toString(16).toUpperCase().padStart(4, '0')}`,
      '01',
    ]);
  });

  it('finds none in the agent, at the other end of it', async () => {
    expect(await linksOf(process.pid)).toEqual([]);
  });
});

describe('the capture script asks the agent', () => {
  /** PATH with every tool of this machine but those. */
  function without(...missing: readonly string[]): string {
    const tools = join(folder, `without-${missing.join('-')}`);
    mkdirSync(tools);
    for (const place of ['/bin', '/usr/bin'])
      for (const name of readdirSync(place))
        if (!missing.includes(name) && !existsSync(join(tools, name)))
          symlinkSync(join(place, name), join(tools, name));
    return tools;
  }

  for (const client of ['curl', 'wget'])
    if (!existsSync(`/usr/bin/${client}`)) leaveOut(`${client} is not installed here`);

  const cases: readonly [string, readonly string[], number, string][] = [
    ['with curl', ['wget'], 200, 'answered'],
    ['with curl, and is not let in', ['wget'], 401, 'unauthorized'],
    ['with wget', ['curl'], 200, 'answered'],
    ['with wget, and is not let in', ['curl'], 401, 'unauthorized'],
    ['with nothing', ['curl', 'wget'], 200, 'no client'],
  ];
  const isHere = (client: string) => existsSync(`/usr/bin/${client}`);
  const possible = cases.filter(([, missing]) =>
    ['curl', 'wget'].every((client) => missing.includes(client) || isHere(client)),
  );

  it.each(possible)('%s', async (_, missing, code, told) => {
    status = code;
    const { api } = await capture(['/bin/sh'], without(...missing, String(code)));
    status = 200;
    expect(api?.told).toBe(told);
  });
});
