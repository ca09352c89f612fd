import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { type CheckedConnections, createConnections } from '../../src/connection/connections.ts';
import { createDigests } from '../../src/connection/digests.ts';
import { type Sshd, sshdMissing, startSshd } from '../sshd/sshd.ts';

const BYTES = randomBytes(8 * 1024 * 1024 + 17);

let folder: string;
let file: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollgate-append-'));
  file = join(folder, 'here');
  path = join(folder, "it's there");
  writeFileSync(file, BYTES);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(sshdMissing())('a large file over a real connection', () => {
  let sshd: Sshd;
  let all: CheckedConnections;
  let host: Connection;

  beforeEach(connect);

  async function connect(): Promise<void> {
    sshd = await startSshd();
    all = createConnections({
      home: sshd.folder,
      localUser: sshd.user,
      env: {},
      random: () => 0,
      warn: () => {},
      knownHostsFiles: [sshd.knownHosts],
      sshConfigFile: 'none',
    });
    const { address, port, user, clientKey: privateKeyFile } = sshd;
    host = all.to({ kind: 'ssh', name: 'host', address, port, user, privateKeyFile });
  }

  afterEach(async () => {
    await all.close();
    await sshd.stop();
  });

  /** What was sent, from the first byte that was. */
  const append = async (start: number, more: object = {}) => {
    const sent: number[] = [];
    const onProgress = (bytes: number) => sent.push(bytes);
    const result = await host.append({ file, start }, path, { onProgress, ...more });
    return { result, first: sent[0] };
  };

  it('is sent whole where nothing is there, over whatever lies there', async () => {
    writeFileSync(path, randomBytes(BYTES.length + 5));
    expect((await append(0)).result).toEqual({ kind: 'done' });
    expect(readFileSync(path).equals(BYTES)).toBe(true);
  });

  it('is sent on from the block in which the part ends, and the rest of the part is not touched', async () => {
    const part = Buffer.from(BYTES.subarray(0, 5_000_000));
    part.fill(0, 0, 10);
    writeFileSync(path, part);
    const { result, first } = await append(5_000_000);
    expect(result).toEqual({ kind: 'done' });
    expect(first).toBeGreaterThan(4_900_000);
    const there = readFileSync(path);
    expect(there.subarray(0, 10)).toEqual(Buffer.alloc(10));
    expect(there.subarray(10).equals(BYTES.subarray(10))).toBe(true);
  });

  it('goes on over a new connection when one is cut in the middle', async () => {
    const cuts: number[] = [];
    const onProgress = (sent: number) => {
      if (sent < BYTES.length / 2 || cuts.length > 0) return;
      cuts.push(sent);
      sshd.cut();
    };
    expect(await host.append({ file, start: 0 }, path, { onProgress })).toEqual({ kind: 'done' });
    expect(cuts).toHaveLength(1);
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(2);
    expect(readFileSync(path).equals(BYTES)).toBe(true);
  });

  it('says lost when the host is gone for good, and the next attempt goes on from what came', async () => {
    let stopped: Promise<void> | undefined;
    const onProgress = (sent: number) => {
      if (sent > BYTES.length / 2) stopped ??= sshd.stop();
    };
    expect((await append(0, { onProgress })).result).toMatchObject({ kind: 'lost' });
    await stopped;
    const part = statSync(path).size;
    expect(part).toBeLessThan(BYTES.length);
    expect(readFileSync(path).equals(BYTES.subarray(0, part))).toBe(true);
    await all.close();
    await connect();
    const { result, first } = await append(part);
    expect(result).toEqual({ kind: 'done' });
    expect(first).toBeGreaterThan(part - 64 * 1024);
    expect(readFileSync(path).equals(BYTES)).toBe(true);
  });

  it('keeps what came when the operator lets go of it', async () => {
    const stop = new AbortController();
    const onProgress = (sent: number) => sent > 1_000_000 && stop.abort();
    const { result } = await append(0, { onProgress, abort: stop.signal });
    expect(result).toMatchObject({ kind: 'failed', reason: expect.stringContaining('aborted') });
    const part = readFileSync(path);
    expect(part.equals(BYTES.subarray(0, part.length))).toBe(true);
  });

  it('says why it cannot be', async () => {
    rmSync(file);
    expect((await append(0)).result).toMatchObject({ reason: expect.stringContaining('cannot be read here') });
    writeFileSync(file, BYTES);
    path = join(folder, 'not/there');
    expect((await append(0)).result).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/not\/there cannot be written: .*(nonexistent|No such file)/i),
    });
  });
});

describe('the digest of a file', () => {
  const sha256 = async (digest: ReturnType<typeof createDigests>, first?: number) => {
    const found = await digest(file, first);
    return found.ok ? found.sha256 : found.why;
  };

  it('is that of all of it, or of its first bytes', async () => {
    writeFileSync(file, 'abc');
    const digest = createDigests();
    expect(await digest(file)).toEqual({
      ok: true,
      bytes: 3,
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    expect(await sha256(digest, 1)).toBe('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
    expect(await sha256(digest, 0)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(await sha256(digest, 9)).toBe(await sha256(digest));
    expect(await digest(join(folder, 'none'))).toMatchObject({ ok: false, why: expect.stringContaining('ENOENT') });
  });

  it('is computed once, until the file is another', async () => {
    const digest = createDigests();
    utimesSync(file, 1000, 1000);
    const before = await sha256(digest);
    writeFileSync(file, randomBytes(BYTES.length));
    utimesSync(file, 1000, 1000);
    expect(await sha256(digest)).toBe(before);
    utimesSync(file, 2000, 2000);
    expect(await sha256(digest)).not.toBe(before);
  });
});
