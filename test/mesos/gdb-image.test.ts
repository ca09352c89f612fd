import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bastion, Result } from '../../src/actions/action.ts';
import { mesosGdbImage } from '../../src/actions/mesos/gdb-image.ts';
import { readFound } from '../../src/actions/mesos/image-question.ts';
import { createDigests } from '../../src/connection/digests.ts';
import { act, onEveryShell, type Shell } from '../actions/machine.ts';

const ID = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const PINNED = `registry.example:5000/tools/gdb@${OTHER}`;
const ARCHIVE = { image: ID, archive: 'gdb.tar' };

describe('what mesos_gdb_image is given', () => {
  const refusal = (written: object) => mesosGdbImage.params.safeParse(written).error?.issues[0]?.message;

  it.each<[string, object]>([
    ['an archive', ARCHIVE],
    ['an archive with its digest', { ...ARCHIVE, archive_sha256: 'c'.repeat(64) }],
    ['a pinned image of a registry', { image: ID, registry: PINNED }],
  ])('may be %s', (_, written) => expect(refusal(written)).toBeUndefined());

  it.each<[string, object, RegExp]>([
    ['neither', { image: ID }, /either `archive` or `registry`/],
    ['both', { ...ARCHIVE, registry: PINNED }, /either `archive` or `registry`/],
    ['a tag to run', { ...ARCHIVE, image: 'gdb:13' }, /must be an image id.*a tag can come to mean another image/],
    ['a tag to pull', { image: ID, registry: 'tools/gdb:13' }, /must be pinned.*a tag can come to mean another image/],
    ['an option to pull', { image: ID, registry: `-a@${OTHER}` }, /must be pinned/],
    [
      'a digest of nothing',
      { image: ID, registry: PINNED, archive_sha256: 'c'.repeat(64) },
      /no use without `archive`/,
    ],
    ['a short digest', { ...ARCHIVE, archive_sha256: 'abc' }, /64 hex digits/],
    ['a relative place', { ...ARCHIVE, dest: 'gdb.tar' }, /absolute/],
  ])('may not be %s', (_, written, why) => expect(refusal(written)).toMatch(why));
});

describe('the room that an archive needs', () => {
  const GIB = 2 ** 30;
  const whole = { written: 'gdb.tar', file: '/gdb.tar', bytes: GIB, sha256: 'd'.repeat(64), start: 0 };

  /** Why nothing is sent to a host whose df says this, undefined where it is sent. */
  function why(dest: string, docker: string, more: object = {}): unknown {
    const said = `there=0\ndest_path=/var/lib\ndest=${dest}\ndocker_path=/docker\ndocker=${docker}\n`;
    const facts = { ...readFound(said), archive: { ...whole, ...more } };
    const decision = mesosGdbImage.decide(mesosGdbImage.params.parse(ARCHIVE), facts);
    return decision.kind === 'settled' ? decision.result.msg : undefined;
  }

  const disk = (gib: number, mount: string) => `/dev/x 9 9 ${Math.floor(gib * 2 ** 20)} 1% ${mount}`;

  it.each<[string, string, string, object, RegExp | undefined]>([
    ['one disk with enough', disk(3, '/'), disk(3, '/'), {}, undefined],
    [
      'one disk with too little',
      disk(2.9, '/'),
      disk(2.9, '/'),
      {},
      /^\/docker \(on \/\) has 2969\.6 MiB free, but 3072\.0 MiB are needed to send and load the image: make room there; nothing was sent$/,
    ],
    ['one disk, where half of it is there', disk(2.5, '/'), disk(2.5, '/'), { start: GIB / 2 }, undefined],
    ['two disks with enough', disk(1, '/'), disk(2, '/docker'), {}, undefined],
    [
      'too little for the archive',
      disk(0.9, '/a b'),
      disk(2, '/docker'),
      {},
      /\/var\/lib \(on \/a b\) has 921\.6 MiB free, but 1024\.0/,
    ],
    ['too little for Docker', disk(1, '/'), disk(1.9, '/docker'), {}, /2048\.0 MiB are needed for Docker/],
    ['a compressed archive', disk(1, '/'), disk(7.9, '/docker'), { written: 'gdb.tar.gz' }, /8192\.0 MiB are needed/],
    ['a disk that is more than full', '/dev/x 9 9 -5 100% /', disk(2, '/docker'), {}, /has -0\.0 MiB free/],
    ['a df that failed', '', disk(2, '/docker'), {}, /does not say \(df -Pk\)/],
  ])('%s', (_, dest, docker, more, expected) => {
    if (expected === undefined) expect(why(dest, docker, more)).toBeUndefined();
    else expect(why(dest, docker, more)).toMatch(expected);
  });
});

/** Takes what it is told for what it has: an archive's last line is the id of the image in it. */
const DOCKER = `#!/bin/sh
[ -e "$STATE/down" ] && { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }
echo "$*" >> "$STATE/said"
case $1 in
  images) cat "$STATE/images" ;;
  info) echo ' Docker Root Dir: /' ;;
  load) tail -n 1 "$3" >> "$STATE/images" ;;
  pull) echo ${ID} >> "$STATE/images" ;;
  inspect) cat "$STATE/pulled" ;;
esac
`;

onEveryShell((shell: Shell) => {
  let folder: string;
  let dest: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollgate-image-'));
    dest = join(folder, 'new folder/gdb.tar');
    mkdirSync(join(folder, 'bin'));
    write('images', '');
    write('pulled', `${ID}\n`);
    tool('docker', DOCKER);
    pack(ID);
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  function tool(name: string, content: string): void {
    write(`bin/${name}`, content.replaceAll('$STATE', folder));
    chmodSync(join(folder, 'bin', name), 0o755);
  }

  /** An archive as docker save makes it, as far as anybody but Docker looks. */
  function pack(id: string): void {
    write(
      'manifest.json',
      JSON.stringify([{ Config: `${id.slice('sha256:'.length)}.json`, RepoTags: null, Layers: [] }]),
    );
    execFileSync('tar', ['-C', folder, '-cf', join(folder, 'gdb.tar'), 'manifest.json']);
    write('gdb.tar', Buffer.concat([readFileSync(join(folder, 'gdb.tar')), Buffer.from(`\n${id}\n`)]));
  }

  function bring(more: object = {}, bastion: Partial<Bastion> = {}): Promise<Result> {
    const path = `${join(folder, 'bin')}:${process.env.PATH}`;
    return act('mesos_gdb_image', { ...ARCHIVE, dest, ...more }, { folder, shell, path, bastion });
  }

  const sha256 = () =>
    createHash('sha256')
      .update(readFileSync(join(folder, 'gdb.tar')))
      .digest('hex');
  const size = () => statSync(join(folder, 'gdb.tar')).size;
  const loaded = () => read('said').includes('load');

  it('sends and loads the archive, once, and leaves nothing lying about', async () => {
    expect(await bring({ archive_sha256: sha256() })).toEqual({ changed: true, image: ID, sent: size() });
    expect(existsSync(dest)).toBe(false);
    expect(statSync(join(folder, 'new folder')).mode & 0o777).toBe(0o700);
    expect(await bring()).toEqual({ changed: false, image: ID });
  });

  it('asks for no archive where the image is there', async () => {
    write('images', `${OTHER}\n${ID}\n`);
    rmSync(join(folder, 'gdb.tar'));
    expect(await bring()).toEqual({ changed: false, image: ID });
  });

  it.each<[string, (whole: Buffer) => Buffer, (bytes: number) => number]>([
    ['goes on where an attempt ended', (whole) => whole.subarray(0, 1000), (bytes) => bytes - 1000],
    ['sends nothing where all of it came', (whole) => whole, () => 0],
    ['begins anew where a part is of something else', () => Buffer.from('an older image'), (bytes) => bytes],
    ['begins anew where there is more', (whole) => Buffer.concat([whole, whole]), (bytes) => bytes],
  ])('%s', async (_, part, sent) => {
    dest = join(folder, 'part');
    write('part', part(readFileSync(join(folder, 'gdb.tar'))));
    expect(await bring()).toEqual({ changed: true, image: ID, sent: sent(size()) });
  });

  it('pulls from a registry', async () => {
    expect(await bring({ archive: undefined, registry: PINNED })).toEqual({ changed: true, image: ID });
    expect(read('said')).toContain(`pull ${PINNED}`);
  });

  it('names what a registry gave instead', async () => {
    write('pulled', `${OTHER}\n`);
    const { failed, msg } = await bring({ archive: undefined, registry: PINNED });
    expect(failed).toBe(true);
    expect(msg).toContain(`${PINNED} is ${OTHER}, not ${ID}`);
  });

  it.each<[string, () => void, object, RegExp]>([
    ['Docker is down', () => write('down', ''), {}, /Docker does not answer on this host: Cannot connect/],
    [
      'the archive is not here',
      () => rmSync(join(folder, 'gdb.tar')),
      {},
      /gdb\.tar cannot be read on the bastion: .*ENOENT/,
    ],
    [
      'the archive is not the one reviewed',
      () => {},
      { archive_sha256: 'c'.repeat(64) },
      /has the SHA-256 [0-9a-f]{64}, not c{64}.*; nothing was sent/,
    ],
  ])('sends nothing where %s, and says so', async (_, given, more, why) => {
    given();
    const { failed, msg } = await bring(more);
    expect(failed).toBe(true);
    expect(msg).toMatch(why);
    expect(existsSync(join(folder, 'new folder'))).toBe(false);
  });

  it('loads nothing that says itself that it is another image', async () => {
    pack(OTHER);
    const { failed, msg } = await bring();
    expect(failed).toBe(true);
    expect(msg).toContain(`the archive holds ${OTHER}, not ${ID}`);
    expect(loaded()).toBe(false);
    expect(existsSync(dest)).toBe(false);
  });

  it('loads nothing that was damaged on its way, names both digests, and begins anew', async () => {
    const right = sha256();
    dest = join(folder, 'part');
    write('part', readFileSync(join(folder, 'gdb.tar')));
    // What the host was asked about is whole; what it then reads is not, as on a bad disk.
    const digest = createDigests();
    const spoiling: typeof digest = async (...asked) => {
      const found = await digest(...asked);
      write('part', 'spoilt');
      return found;
    };
    const { failed, msg } = await bring({}, { digest: spoiling });
    expect(failed).toBe(true);
    expect(msg).toContain(createHash('sha256').update('spoilt').digest('hex'));
    expect(msg).toContain(`not ${right}`);
    expect(loaded()).toBe(false);
    expect(existsSync(dest)).toBe(false);
  });

  it('says so when Docker took it and does not have it', async () => {
    tool('docker', DOCKER.replace('tail -n 1 "$3" >>', ': >>'));
    const { failed, msg } = await bring();
    expect(failed).toBe(true);
    expect(msg).toContain(`no image ${ID} now`);
  });

  it('keeps the archive on the host when Docker cannot load it', async () => {
    tool('docker', DOCKER.replace('load) ', 'load) echo no space left on device >&2; exit 1;'));
    expect((await bring()).msg).toBe('loading gdb.tar: no space left on device');
    tool('docker', DOCKER);
    expect(await bring()).toEqual({ changed: true, image: ID, sent: 0 });
  });
});
