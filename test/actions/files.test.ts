import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { act, type Machine, onEveryShell } from './machine.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollgate-files-'));
  process.umask(0o022);
  writeFileSync(join(folder, 'src.txt'), 'hello\n', { mode: 0o640 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string) => join(folder, name);
const me = userInfo();
const group = execFileSync('id', ['-gn']).toString().trim();
const mine = { uid: me.uid, gid: me.gid, owner: me.username, group };
const SHA1 = 'f572d396fae9206628714fb2ce00f72e94f2258f';

/** A PATH with only these programs: a host on which the others are not installed. */
function only(programs: readonly string[]): string {
  mkdirSync(inFolder('bin'));
  for (const program of programs) {
    const found = spawnSync('sh', ['-c', 'command -v "$0"', program]).stdout.toString().trim();
    symlinkSync(found, inFolder(`bin/${program}`));
  }
  return inFolder('bin');
}

onEveryShell((shell) => {
  const machine = (): Machine => ({ folder, shell });

  it('stat: a file, as Ansible registers it', async () => {
    const { stat } = await act('stat', { path: inFolder('src.txt') }, machine());
    const { ino, dev, blocks, blksize, mtimeMs } = statSync(inFolder('src.txt'));
    expect(stat).toEqual({
      exists: true,
      path: inFolder('src.txt'),
      mode: '0640',
      isreg: true,
      isdir: false,
      islnk: false,
      ischr: false,
      isblk: false,
      isfifo: false,
      issock: false,
      isuid: false,
      isgid: false,
      ...{
        rusr: true,
        wusr: true,
        xusr: false,
        rgrp: true,
        wgrp: false,
        xgrp: false,
        roth: false,
        woth: false,
        xoth: false,
      },
      uid: me.uid,
      gid: me.gid,
      pw_name: me.username,
      gr_name: group,
      size: 6,
      nlink: 1,
      inode: ino,
      dev,
      blocks,
      block_size: blksize,
      device_type: 0,
      atime: expect.any(Number),
      mtime: Math.floor(mtimeMs / 1000),
      ctime: expect.any(Number),
      readable: true,
      writeable: true,
      executable: false,
      checksum: SHA1,
    });
  });

  it.each<[string, object]>([
    ['nosuch', { exists: false }],
    [
      'lnk',
      { islnk: true, isreg: false, lnk_target: 'src.txt', lnk_source: expect.stringContaining('/src.txt'), size: 7 },
    ],
    ['dangling', { islnk: true, lnk_target: 'gone' }],
    ['dir', { isdir: true, executable: true, mode: '0755' }],
    ["it's a $(name) with * in it", { isreg: true, size: 1 }],
    ['-n', { isreg: true }],
  ])('stat: %s', async (name, expected) => {
    symlinkSync('src.txt', inFolder('lnk'));
    symlinkSync('gone', inFolder('dangling'));
    mkdirSync(inFolder('dir'));
    writeFileSync(inFolder("it's a $(name) with * in it"), 'x');
    writeFileSync(inFolder('-n'), 'x');
    expect((await act('stat', { path: name }, machine())).stat).toMatchObject(expected);
  });

  it('stat: follows when told, other checksums, a dangling link followed is nothing', async () => {
    symlinkSync('src.txt', inFolder('lnk'));
    symlinkSync('gone', inFolder('dangling'));
    const followed = await act('stat', { path: 'lnk', follow: 'yes', checksum_algorithm: 'md5' }, machine());
    expect(followed.stat).toMatchObject({ isreg: true, islnk: false, checksum: 'b1946ac92492d2347c6235b4d2611184' });
    expect(followed.stat).not.toHaveProperty('lnk_target');
    expect((await act('stat', { path: 'dangling', follow: true }, machine())).stat).toEqual({ exists: false });
  });

  it('copy: a new file, the same again, another content, with its old mode', async () => {
    const params = { src: 'src.txt', dest: inFolder('dest.txt') };
    const first = await act('copy', params, machine());
    expect(first).toEqual({
      changed: true,
      dest: inFolder('dest.txt'),
      src: 'src.txt',
      checksum: SHA1,
      md5sum: 'b1946ac92492d2347c6235b4d2611184',
      mode: '0644',
      size: 6,
      state: 'file',
      ...mine,
    });
    expect(await act('copy', params, machine())).toEqual({
      changed: false,
      dest: inFolder('dest.txt'),
      path: inFolder('dest.txt'),
      checksum: SHA1,
      mode: '0644',
      size: 6,
      state: 'file',
      ...mine,
    });
    chmodSync(inFolder('dest.txt'), 0o600);
    expect(await act('copy', { content: 'other', dest: 'dest.txt' }, machine())).toMatchObject({
      changed: true,
      mode: '0600',
      size: 5,
      src: null,
    });
    expect(readFileSync(inFolder('dest.txt'), 'utf8')).toBe('other');
    expect(readdirSync(folder).sort()).toEqual(['dest.txt', 'src.txt']);
  });

  it.each<[string, object, string]>([
    ['octal', { mode: '0600' }, '0600'],
    ['an integer', { mode: 0o755 }, '0755'],
    ['symbolic', { mode: 'u=rw,go=' }, '0600'],
    ['symbolic, added', { mode: '+x' }, '0755'],
    ['preserve', { mode: 'preserve' }, '0640'],
  ])('copy: mode %s', async (_, mode, expected) => {
    expect(await act('copy', { src: 'src.txt', dest: 'd', ...mode }, machine())).toMatchObject({
      changed: true,
      mode: expected,
    });
    expect(await act('copy', { src: 'src.txt', dest: 'd', ...mode }, machine())).toMatchObject({ changed: false });
  });

  it('copy: only the mode differs, and the file is left alone', async () => {
    writeFileSync(inFolder('d'), 'hello\n', { mode: 0o600 });
    const { ino } = statSync(inFolder('d'));
    expect(await act('copy', { src: 'src.txt', dest: 'd', mode: '0644' }, machine())).toMatchObject({
      changed: true,
      mode: '0644',
    });
    expect(statSync(inFolder('d')).ino).toBe(ino);
  });

  it('copy: into a folder, backup, force', async () => {
    mkdirSync(inFolder('dir'));
    expect(await act('copy', { src: 'src.txt', dest: inFolder('dir') }, machine())).toMatchObject({
      dest: inFolder('dir/src.txt'),
    });
    const second = await act('copy', { content: 'x', dest: inFolder('dir/src.txt'), backup: true }, machine());
    expect(second.backup_file).toMatch(/\/src\.txt\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/);
    expect(readFileSync(String(second.backup_file), 'utf8')).toBe('hello\n');
    expect(await act('copy', { content: 'y', dest: inFolder('dir/src.txt'), force: 'no' }, machine())).toMatchObject({
      changed: false,
    });
  });

  it('copy: a check that says no leaves the old file, and no other', async () => {
    writeFileSync(inFolder('d'), 'old');
    const params = { content: 'new', dest: 'd', validate: 'grep -q old %s || { echo bad; exit 3; }' };
    expect(await act('copy', params, machine())).toMatchObject({
      changed: false,
      failed: true,
      msg: 'failed to validate',
      exit_status: 3,
      stdout: 'bad',
    });
    expect(readFileSync(inFolder('d'), 'utf8')).toBe('old');
    expect(await act('copy', { ...params, validate: 'grep -q new %s' }, machine())).toMatchObject({ changed: true });
    expect(readdirSync(folder).sort()).toEqual(['d', 'src.txt']);
  });

  it('copy: a link at dest is replaced, what it points to is not', async () => {
    symlinkSync('src.txt', inFolder('lnk'));
    expect(await act('copy', { content: 'x', dest: 'lnk' }, machine())).toMatchObject({ changed: true });
    expect([lstatSync(inFolder('lnk')).isFile(), readFileSync(inFolder('src.txt'), 'utf8')]).toEqual([true, 'hello\n']);
  });

  it.each<[object, string]>([
    [{ content: 'x', dest: 'nodir/d' }, 'Destination directory'],
    [{ src: 'src.txt', dest: 'nodir/' }, '/nodir does not exist'],
    [{ content: 'x', dest: 'dir' }, 'can not use content with a dir as dest'],
    [{ src: 'nosuch', dest: 'd' }, "Could not find or access 'nosuch'"],
    [{ content: 'x', dest: 'd', owner: 'nosuchuser' }, 'chown failed: failed to look up user nosuchuser'],
    [{ content: 'x', dest: 'd', group: 'nosuchgroup' }, 'chgrp failed: failed to look up group nosuchgroup'],
  ])('copy: %j fails before anything is sent', async (params, msg) => {
    mkdirSync(inFolder('dir'));
    expect(await act('copy', params, machine())).toMatchObject({
      changed: false,
      failed: true,
      msg: expect.stringContaining(msg),
    });
    expect(readdirSync(folder).sort()).toEqual(['dir', 'src.txt']);
  });

  it('fetch: under the host’s name, flat, unchanged, missing', async () => {
    const source = inFolder('src.txt');
    const dest = inFolder(`got/agent001${source}`);
    expect(await act('fetch', { src: source, dest: 'got' }, machine())).toEqual({
      changed: true,
      dest,
      checksum: SHA1,
      remote_checksum: SHA1,
      remote_md5sum: null,
    });
    expect(await act('fetch', { src: source, dest: 'got' }, machine())).toEqual({
      changed: false,
      dest,
      checksum: SHA1,
      md5sum: 'b1946ac92492d2347c6235b4d2611184',
      file: source,
    });
    expect(await act('fetch', { src: source, dest: 'flat/', flat: 'yes' }, machine())).toMatchObject({
      dest: inFolder('flat/src.txt'),
    });
    const missing = 'the remote file does not exist, not transferring, ignored';
    expect(await act('fetch', { src: 'no', dest: 'got' }, machine())).toMatchObject({ failed: true, msg: missing });
    expect(await act('fetch', { src: 'no', dest: 'got', fail_on_missing: false }, machine())).toEqual({
      changed: false,
      msg: missing,
      file: 'no',
    });
    expect(await act('fetch', { src: folder, dest: 'got' }, machine())).toMatchObject({
      failed: true,
      msg: 'remote file is a directory, fetch cannot work on directories',
    });
  });

  it('fetch: dots in a path do not lead out of the host’s folder', async () => {
    const { dest } = await act(
      'fetch',
      { src: `${folder}/../${folder.split('/').at(-1)}/src.txt`, dest: 'got' },
      machine(),
    );
    expect(dest).toMatch(new RegExp(`^${folder}/got/agent001/`));
  });

  it('file: touch, mode, absent', async () => {
    const path = inFolder('f');
    expect(await act('file', { path, state: 'touch' }, machine())).toEqual({
      changed: true,
      dest: path,
      mode: '0644',
      size: 0,
      state: 'file',
      ...mine,
    });
    expect(await act('file', { path, state: 'touch', mode: '0600' }, machine())).toMatchObject({
      changed: true,
      mode: '0600',
    });
    expect(await act('file', { path, mode: '0600' }, machine())).toEqual({
      changed: false,
      path,
      mode: '0600',
      size: 0,
      state: 'file',
      ...mine,
    });
    expect(await act('file', { dest: path, state: 'file', mode: 'u+x' }, machine())).toMatchObject({
      changed: true,
      mode: '0700',
      path,
    });
    expect(await act('file', { path, state: 'absent' }, machine())).toEqual({ changed: true, path, state: 'absent' });
    expect(await act('file', { path, state: 'absent' }, machine())).toEqual({ changed: false, path, state: 'absent' });
    expect(await act('file', { path, state: 'file' }, machine())).toMatchObject({
      failed: true,
      msg: `file (${path}) is absent, cannot continue`,
      path,
      state: 'absent',
    });
  });

  it('file: a folder with those above it, then everything in it', async () => {
    const path = inFolder('d/x/y');
    expect(await act('file', { path: `${path}/`, state: 'directory', mode: '0750' }, machine())).toMatchObject({
      changed: true,
      mode: '0750',
      state: 'directory',
    });
    expect(['d', 'd/x', 'd/x/y'].map((name) => (statSync(inFolder(name)).mode & 0o777).toString(8))).toEqual([
      '750',
      '750',
      '750',
    ]);
    expect(await act('file', { path, state: 'directory', mode: '0750' }, machine())).toMatchObject({ changed: false });
    // With a bit before the three, Ansible registers five digits here, and four in stat.
    expect(await act('file', { path, mode: '1750' }, machine())).toMatchObject({ mode: '01750' });
    expect(await act('stat', { path }, machine())).toMatchObject({ stat: { mode: '1750' } });
    expect(await act('file', { path, mode: '0750' }, machine())).toMatchObject({ mode: '0750' });
    writeFileSync(inFolder('d/x/a b'), '', { mode: 0o644 });
    symlinkSync('/etc/passwd', inFolder('d/x/link'));
    const recurse = { path: inFolder('d'), recurse: true, mode: 'u=rwX,go=' };
    expect(await act('file', recurse, machine())).toMatchObject({ changed: true, mode: '0700' });
    expect((statSync(inFolder('d/x/a b')).mode & 0o777).toString(8)).toBe('600');
    expect(await act('file', recurse, machine())).toMatchObject({ changed: false });
    expect(await act('file', { path: inFolder('d'), state: 'absent' }, machine())).toMatchObject({ changed: true });
    expect(existsSync(inFolder('d'))).toBe(false);
  });

  it('file: a set-id bit of a folder goes when the mode says so', async () => {
    mkdirSync(inFolder('d'));
    chmodSync(inFolder('d'), 0o2755);
    expect(await act('file', { path: 'd', mode: '0755' }, machine())).toMatchObject({ changed: true, mode: '0755' });
  });

  it('file: links', async () => {
    mkdirSync(inFolder('dir'));
    symlinkSync('dir', inFolder('l'));
    const link = { path: inFolder('l'), src: 'src.txt', state: 'link' };
    expect(await act('file', link, machine())).toEqual({
      changed: true,
      dest: inFolder('l'),
      src: 'src.txt',
      mode: '0777',
      size: 7,
      state: 'link',
      ...mine,
    });
    expect([readlinkSync(inFolder('l')), readdirSync(inFolder('dir'))]).toEqual(['src.txt', []]);
    expect(await act('file', link, machine())).toMatchObject({ changed: false, state: 'link' });
    const gone = { path: inFolder('l2'), src: '/nosuch/x', state: 'link' };
    expect(await act('file', gone, machine())).toMatchObject({
      failed: true,
      msg: 'src file does not exist, use "force=yes" if you really want to create the link: /nosuch/x',
    });
    expect(await act('file', { ...gone, force: true }, machine())).toMatchObject({ changed: true });
    expect(await act('file', { path: inFolder('l'), state: 'absent' }, machine())).toMatchObject({ changed: true });
    expect(existsSync(inFolder('src.txt'))).toBe(true);
  });

  it('file: hard links, and what stands in the way', async () => {
    const hard = { path: inFolder('h'), src: inFolder('src.txt'), state: 'hard' };
    expect(await act('file', hard, machine())).toMatchObject({
      changed: true,
      dest: inFolder('h'),
      src: inFolder('src.txt'),
      state: 'hard',
    });
    expect(await act('file', hard, machine())).toMatchObject({ changed: false });
    expect(await act('file', { path: inFolder('h'), state: 'directory' }, machine())).toMatchObject({
      failed: true,
      msg: `${inFolder('h')} already exists as a hard`,
      state: 'hard',
    });
    expect(await act('file', { path: inFolder('h'), state: 'link', src: '/etc' }, machine())).toMatchObject({
      failed: true,
      msg: `refusing to convert from hard to symlink for ${inFolder('h')}`,
    });
    linkSync(inFolder('src.txt'), inFolder('other'));
  });

  it('file: never removes the whole host', async () => {
    expect(await act('file', { path: '//', state: 'absent' }, { ...machine(), sent: [] })).toMatchObject({
      failed: true,
    });
  });
});

describe('a host with few tools', () => {
  const BASICS = [
    'ls',
    'id',
    'cat',
    'wc',
    'cksum',
    'readlink',
    'sed',
    'chmod',
    'chown',
    'chgrp',
    'mv',
    'rm',
    'date',
    'cp',
    'touch',
  ];

  it('without stat: what ls knows', async () => {
    const machine = { folder, path: only([...BASICS, 'sha1sum']) };
    chmodSync(inFolder('src.txt'), 0o4755);
    const { stat } = await act('stat', { path: 'src.txt' }, machine);
    expect(stat).toMatchObject({
      exists: true,
      isreg: true,
      mode: '4755',
      uid: me.uid,
      gid: me.gid,
      pw_name: me.username,
      size: 6,
      nlink: 1,
      checksum: SHA1,
    });
    expect(stat).not.toHaveProperty('mtime');
  });

  it('without any tool for SHA-1: copies are compared by cksum, stat says what to do', async () => {
    const machine = { folder, path: only(BASICS) };
    const params = { src: 'src.txt', dest: 'd' };
    expect(await act('copy', params, machine)).toMatchObject({ changed: true, checksum: SHA1 });
    expect(await act('copy', params, machine)).toMatchObject({ changed: false, checksum: SHA1 });
    expect(await act('fetch', { src: 'src.txt', dest: 'got' }, machine)).toMatchObject({ changed: true });
    expect(await act('fetch', { src: 'src.txt', dest: 'got' }, machine)).toMatchObject({ changed: false });
    expect(await act('stat', { path: 'src.txt' }, machine)).toMatchObject({
      failed: true,
      msg: expect.stringContaining('get_checksum: no'),
    });
    expect(await act('stat', { path: 'src.txt', get_checksum: 'no' }, machine)).toMatchObject({
      stat: { exists: true },
    });
  });
});
