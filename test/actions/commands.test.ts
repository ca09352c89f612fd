import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findAction } from '../../src/actions/registry.ts';
import { act, type Machine, onEveryShell } from './machine.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollgate-command-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

onEveryShell((shell) => {
  const machine = (): Machine => ({ folder, shell });

  it('command: words are literal', async () => {
    const result = await act('command', { cmd: 'printf "%s\\n" $HOME "*" | ~ a=b "x y"' }, machine());
    expect(result).toMatchObject({ changed: true, rc: 0, stdout_lines: ['$HOME', '*', '|', '~', 'a=b', 'x y'] });
  });

  it.each([['FOO=bar'], ['if'], ['no-such-program-here']])('command: %s is a program or nothing', async (word) => {
    expect(await act('command', { argv: [word, '/'] }, machine())).toMatchObject({
      failed: true,
      rc: expect.any(Number),
    });
  });

  it('command: registers what Ansible registers', async () => {
    const result = await act('command', { cmd: 'sh -c "echo out; echo err >&2; exit 3"' }, machine());
    expect(result).toEqual({
      changed: true,
      cmd: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
      rc: 3,
      stdout: 'out',
      stderr: 'err',
      stdout_lines: ['out'],
      stderr_lines: ['err'],
      start: '1970-01-01 00:00:00.000000',
      end: '1970-01-01 00:00:01.500000',
      delta: '0:00:01.500000',
      failed: true,
      msg: 'non-zero return code',
    });
  });

  it('a signal is a failure with its negative number', async () => {
    expect(await act('command', { argv: ['sh', '-c', 'kill -9 $$'] }, machine())).toMatchObject({
      failed: true,
      rc: -9,
      msg: 'ended by signal SIGKILL',
    });
  });

  it.each<[string, object, object]>([
    ['chdir', { cmd: 'pwd', chdir: '/' }, { stdout: '/' }],
    ['chdir at home', { cmd: 'pwd', chdir: '~' }, { stdout: homedir() }],
    ['chdir by a variable', { cmd: 'pwd', chdir: '$HOME' }, { stdout: homedir() }],
    ['stdin with a line break', { cmd: 'wc -l', stdin: 'a' }, { stdout: expect.stringMatching(/^\s*1$/) }],
    [
      'stdin without',
      { cmd: 'wc -l', stdin: 'a', stdin_add_newline: 'no' },
      { stdout: expect.stringMatching(/^\s*0$/) },
    ],
    ['empty ends', { cmd: 'printf "a\\n\\n\\n"' }, { stdout: 'a' }],
    [
      'empty ends kept',
      { cmd: 'printf "a\\n\\n"', strip_empty_ends: false },
      { stdout: 'a\n\n', stdout_lines: ['a', ''] },
    ],
  ])('command: %s', async (_, params, result) => {
    expect(await act('command', params, machine())).toMatchObject(result);
  });

  it('creates and removes take globs, with blanks in them too', async () => {
    writeFileSync(join(folder, 'a b.txt'), '');
    const skipped = { changed: false, rc: 0, start: null, stderr: '' };
    expect(await act('command', { cmd: 'touch ran', creates: 'a *.t[xy]t' }, machine())).toMatchObject({
      ...skipped,
      stdout: 'skipped, since a *.t[xy]t exists',
      msg: "Did not run command since 'a *.t[xy]t' exists",
    });
    expect(await act('shell', { cmd: 'touch ran', removes: 'none*' }, machine())).toMatchObject({
      ...skipped,
      stdout: 'skipped, since none* does not exist',
    });
    expect(readdirSync(folder)).toEqual(['a b.txt']);
    expect(await act('command', { cmd: 'touch ran', creates: 'none*', removes: 'a b.txt' }, machine())).toMatchObject({
      changed: true,
    });
  });

  it('creates is looked for where the command runs', async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'made'), '');
    expect(await act('command', { cmd: 'true', creates: 'made', chdir: join(folder, 'sub') }, machine())).toMatchObject(
      { changed: false },
    );
  });

  it('probe: done already, done now, and not done by it', async () => {
    const params = { cmd: 'touch ran', probe: 'test -f ran' };
    expect(await act('command', params, machine())).toMatchObject({ changed: true, rc: 0 });
    expect(await act('command', params, machine())).toMatchObject({ changed: false, rc: 0 });
    expect(await act('shell', { cmd: 'true', probe: 'test -f other' }, machine())).toMatchObject({
      failed: true,
      msg: expect.stringContaining('test -f other'),
    });
  });

  it('shell: pipes, variables and another shell', async () => {
    expect(await act('shell', { cmd: 'X=1; echo "a b" | tr a-z A-Z; echo $X' }, machine())).toMatchObject({
      cmd: expect.any(String),
      stdout: 'A B\n1',
    });
    expect(await act('shell', { cmd: 'echo $0', executable: '/bin/sh' }, machine())).toMatchObject({
      stdout: '/bin/sh',
    });
  });

  it('raw: output as it came', async () => {
    expect(await act('raw', { cmd: 'echo a; echo b >&2; exit 2' }, machine())).toEqual({
      changed: true,
      failed: true,
      msg: 'non-zero return code',
      rc: 2,
      stdout: 'a\n',
      stderr: 'b\n',
      stdout_lines: ['a'],
      stderr_lines: ['b'],
    });
  });

  it('script: runs with its arguments, keeps its exit code, leaves nothing', async () => {
    writeFileSync(
      join(folder, "it's.sh"),
      '#!/bin/sh\necho "args: $*"; pwd; ls -ld "$0" | cut -c1-10; echo "$0"; exit $1\n',
    );
    const result = await act('script', { cmd: `"it's.sh" 4 "a  b"`, chdir: '/' }, machine());
    expect(result).toMatchObject({ changed: true, failed: true, rc: 4, msg: 'non-zero return code', stderr: '' });
    const [args, where, mode, path] = String(result.stdout).split('\n');
    expect([args, where, mode]).toEqual(['args: 4 a  b', '/', '-rwx------']);
    expect(await act('command', { argv: ['ls', path ?? ''] }, machine())).toMatchObject({ failed: true });
  });

  it('script: through another program, and bytes that are no text', async () => {
    writeFileSync(
      join(folder, 's'),
      Buffer.concat([Buffer.from('cat <<\\E | wc -c\n'), Buffer.from([0xff, 0xfe, 10]), Buffer.from('E\n')]),
    );
    expect(await act('script', { cmd: 's', executable: '/bin/sh' }, machine())).toMatchObject({
      rc: 0,
      stdout: expect.stringMatching(/^\s*3\n$/),
    });
  });
});

it('script: creates skips it, a missing file is named', async () => {
  writeFileSync(join(folder, 's'), 'exit 1\n');
  expect(await act('script', { cmd: 's', creates: 's' }, { folder })).toEqual({
    changed: false,
    skipped: true,
    msg: 's exists, matching creates option',
  });
  expect(await act('script', { cmd: 'nosuch a' }, { folder })).toMatchObject({
    failed: true,
    msg: expect.stringContaining("'nosuch'"),
  });
});

it.each<[object, string]>([
  [{ cmd: 'x' }, 'opaque'],
  [{ cmd: 'x', creates: '/y' }, 'probed'],
  [{ cmd: 'x', removes: '/y' }, 'probed'],
  [{ cmd: 'x', probe: 'true' }, 'probed'],
])('what can be told about %j after a crash: %s', (params, effect) => {
  for (const name of ['command', 'shell', 'script']) {
    const action = findAction(name);
    if (action?.kind === 'host') expect(action.effect(action.params.parse(params))).toBe(effect);
  }
});
