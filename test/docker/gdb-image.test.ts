import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { procedureScript } from '../../src/actions/mesos/procedure-script.ts';
import { render } from '../../src/shell/script.ts';
import { dockerMissing } from './docker.ts';

const RECIPE = fileURLToPath(new URL('../../playbooks/files/gdb-image/build', import.meta.url));
/** Packages are fetched, unpacked, packed and loaded. */
const BUILD_MS = 300_000;

function build(folder: string): string {
  return execFileSync(RECIPE, [folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function given(printed: string, name: string): string {
  return new RegExp(`-e ${name}=(\\S+)`).exec(printed)?.[1] ?? '';
}

describe.skipIf(dockerMissing())('the image with gdb, from its recipe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollgate-gdb-image-'));
  let printed = '';
  let image = '';
  let server: Server;
  let child: ChildProcess;

  beforeAll(async () => {
    printed = build(folder);
    image = given(printed, 'gdb_image');
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  }, BUILD_MS);

  afterAll(() => {
    child?.kill('SIGKILL');
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is loaded under the id, and lies in the archive with the digest, that it prints', () => {
    const archive = given(printed, 'gdb_archive');
    expect(archive).toBe(join(folder, 'gdb-image.tar.gz'));
    expect(createHash('sha256').update(readFileSync(archive)).digest('hex')).toBe(given(printed, 'gdb_archive_sha256'));
    expect(execFileSync('docker', ['images', '-q', '--no-trunc'], { encoding: 'utf8' }).split('\n')).toContain(image);
  });

  it('comes out the same, byte by byte, whoever builds it', { timeout: BUILD_MS }, () => {
    const again = mkdtempSync(join(tmpdir(), 'rollgate-gdb-image-'));
    const environment = { ...process.env, TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8' };
    const command = `umask 077; exec ${RECIPE} ${again}`;
    const second = execFileSync('sh', ['-c', command], {
      encoding: 'utf8',
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    rmSync(again, { recursive: true });
    for (const name of ['gdb_image', 'gdb_archive_sha256']) expect(given(second, name)).toBe(given(printed, name));
  });

  it('holds gdb and what gdb loads, and nothing to log into', () => {
    const layer = execFileSync('sh', ['-c', `tar -xOzf ${folder}/gdb-image.tar.gz layer.tar | tar -tf -`], {
      encoding: 'utf8',
    });
    const files = layer.split('\n').filter((name) => name !== '' && !name.endsWith('/'));
    expect(files.filter((name) => !/\.so(\.\d+)*$/.test(name))).toEqual(['./usr/bin/gdb']);
    expect(files.filter((name) => name.includes('python'))).toEqual([]);
  });

  /** What gdb prints, called as the procedure calls it. */
  function called(pid: number, call: string): string {
    const times = { lengthSeconds: 1, reserveSeconds: 1, maxDownSeconds: 1 };
    const input = { run: 'r', unit: 'u', instance: 'i', port: 5051, privileged: false, targets: [], isOpen: false };
    const whole = render(procedureScript({ ...input, ...times, image }, folder));
    const functions = whole.slice(0, whole.indexOf('\nmain() {'));
    const script = `${functions}\nremove; container >/dev/null && gdb_in ${pid} '${call}' 2>&1; remove`;
    return spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).stdout;
  }

  async function begun(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('no output');
    return { pid: child.pid ?? 0, said: createInterface(child.stdout)[Symbol.asyncIterator]() };
  }

  it('shuts a socket of a process that goes on running', { timeout: 60_000 }, async () => {
    const { port } = server.address() as AddressInfo;
    // Its descriptor 7 is a link as an executor has one; at the end of that it says so, and lives on.
    const script = `exec 7<>/dev/tcp/127.0.0.1/${port}; echo linked; read -r -u 7; echo cut off; sleep 60`;
    const { pid, said } = await begun('bash', ['-c', script]);
    expect((await said.next()).value).toBe('linked');
    expect(called(pid, '(int)shutdown(7,0)')).toMatch(/^\$1 = 0$/m);
    expect((await said.next()).value).toBe('cut off');
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
  });

  it('shuts one of a process whose other threads get signals all the time, as Java’s do', {
    timeout: 60_000,
  }, async () => {
    const { port } = server.address() as AddressInfo;
    const { pid, said } = await begun(process.execPath, ['-e', SIGNALLED], { PORT: String(port) });
    const fd = (await said.next()).value;
    expect(called(pid, `(int)shutdown(${fd},0)`)).toMatch(/^\$1 = 0$/m);
    expect((await said.next()).value).toBe('cut off');
    expect((await said.next()).value).toBe('alive');
    child.kill('SIGKILL');
  });

  it('calls in a process that has a root, and so a C library, of its own', { timeout: 60_000 }, () => {
    const docker = (...args: readonly string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim();
    const container = docker('run', '-d', '-i', '--network', 'none', image, 'gdb', '-nx', '-q');
    try {
      const pid = docker('inspect', '-f', '{{.State.Pid}}', container);
      expect(called(Number(pid), '(int)shutdown(-1,0)')).toMatch(/^\$1 = -1$/m);
    } finally {
      docker('rm', '-f', container);
    }
  });
});

/** Its other threads reach beyond their memory again and again: each time they get a SIGSEGV, and go on. */
const SIGNALLED = `
const { Worker } = require('node:worker_threads');
const faults = \`
const bytes = '0061736d0100000001050160017f00030201000503010001070501016600000a0a01080020002802001a0b';
const { f } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(bytes, 'hex'))).exports;
require('node:worker_threads').parentPort.postMessage('up');
for (;;) try { f(-1); } catch {}
\`;
const workers = [1, 2, 3].map(() => new Worker(faults, { eval: true }));
Promise.all(workers.map((worker) => new Promise((done) => worker.once('message', done)))).then(() => {
  const link = require('node:net').connect(Number(process.env.PORT), '127.0.0.1', () => console.log(link._handle.fd));
  link.on('error', () => {});
  link.on('end', () => {
    console.log('cut off');
    setTimeout(() => console.log('alive'), 500);
  });
  link.resume();
});
`;
