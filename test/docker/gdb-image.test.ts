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

  it('shuts a socket of a process that goes on running', { timeout: 60_000 }, async () => {
    const { port } = server.address() as AddressInfo;
    // Its descriptor 7 is a link as an executor has one; at the end of that it says so, and lives on.
    const script = `exec 7<>/dev/tcp/127.0.0.1/${port}; echo linked; read -r -u 7; echo cut off; sleep 60`;
    child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('no output');
    const said = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await said.next()).value).toBe('linked');
    const container = '--rm --network none --pid host --cap-drop ALL --cap-add SYS_PTRACE -v /:/host:ro'.split(' ');
    // SELinux and AppArmor may forbid it, and so does Docker's own seccomp profile before 1.12; hosts without them do not mind.
    const unconfined = ['label=disable', 'apparmor=unconfined', 'seccomp=unconfined'].flatMap((it) => [
      '--security-opt',
      it,
    ]);
    const gdb = ['gdb', '-nx', '-q', '-batch', '-iex', 'set sysroot /host', '-iex', 'set auto-solib-add off'];
    const orders = [
      '-p',
      String(child.pid),
      '-ex',
      'sharedlibrary libc',
      '-ex',
      'print (int)shutdown(7,0)',
      '-ex',
      'detach',
    ];
    const ran = spawnSync('docker', ['run', ...container, ...unconfined, image, ...gdb, ...orders], {
      encoding: 'utf8',
    });
    expect(ran.stdout, ran.stderr).toMatch(/^\$1 = 0$/m);
    expect((await said.next()).value).toBe('cut off');
    expect(child.exitCode).toBeNull();
  });
});
