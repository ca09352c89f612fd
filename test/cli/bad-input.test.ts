import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { realFiles } from '../../src/commands/real-files.ts';
import { folderWith, rollgate, withoutNetwork } from './terminal.ts';

const PLAYBOOK = '- hosts: all\n  gather_facts: false\n  tasks:\n    - name: Up\n      command: uptime\n';
const GOOD = { 'play.yml': PLAYBOOK, hosts: 'web1 ansible_host=192.0.2.1\nweb2 ansible_host=192.0.2.2\n' };
const task = (text: string) => `- hosts: all\n  gather_facts: false\n  tasks:\n    - ${text}\n`;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a malformed option ends with 64', () => {
  it.each<[string, string, RegExp]>([
    ['no inventory', 'run play.yml', /--inventory/],
    ['no playbook', 'run -i hosts', /playbook/],
    ['a plan of which nothing is left', 'run --yes --plan ', /argument '' is invalid. It is empty/],
    ['tags of which nothing is left', 'plan play.yml -i hosts -t ,', /argument ',' is invalid. It names no tag/],
    ['an inventory of which nothing is left', 'run play.yml --yes -i ', /argument '' is invalid. It is empty/],
    [
      'a state dir of which nothing is left',
      'run play.yml -i hosts --yes --state-dir ',
      /argument '' is invalid. It is empty/,
    ],
    ['an unknown command', 'chek play.yml -i hosts', /unknown command 'chek'\n\(Did you mean check\?\)/],
    ['an unknown option', 'plan play.yml -i hosts --limti a', /unknown option '--limti'\n\(Did you mean --limit\?\)/],
    ['no forks', 'plan play.yml -i hosts -f 0', /'0' is invalid. It takes a whole number from 1/],
    ['forks that are no number', 'plan play.yml -i hosts -f many', /'many' is invalid/],
    ['an unknown format', 'plan play.yml -i hosts --format xml', /Allowed choices are text, json/],
    ['two playbooks', 'run play.yml play.yml -i hosts', /too many arguments/],
    ['an unknown way with host keys', 'run play.yml -i hosts --host-key-checking maybe', /strict, accept-new, off/],
    ['--detailed-exitcode', 'run play.yml -i hosts --yes --detailed-exitcode', /give --check too/],
    ['-C', 'plan play.yml -i hosts -C', /unknown option '-C'/],
    ['two answers', 'resume --assume-done --redo', /cannot be used with/],
    ['an inventory with no question', 'inventory -i hosts', /say one of --list/],
    ['an inventory with two questions', 'inventory -i hosts --list --graph', /say one of --list/],
    ['a limit for nothing', 'inventory -i hosts --list -l web1', /say one of --list/],
    ['nobody to ask', 'run play.yml -i hosts', /no terminal to ask at; .*--yes/],
  ])('%s', async (_, line, expected) => {
    const folder = folderWith(GOOD);
    const { exitCode, err, out } = await rollgate(folder, ...line.split(' '));
    expect({ exitCode, out }).toEqual({ exitCode: 64, out: '' });
    expect(err).toMatch(expected);
    expect(existsSync(join(folder, '.rollgate'))).toBe(false);
  });
});

describe('mistakes are shown', () => {
  it('file by file and line by line, the caret under what is meant', async () => {
    const folder = folderWith({
      'play.yml':
        '- hosts: all\n  tasks:\n    - commnd: "a" # \u0007\n      wehn: a\n    - {shell: a, wehn: b, bcome: c}\n',
      hosts: 'web1\n\u200e\u200e b c\n',
    });
    const { exitCode, err } = await rollgate(folder, 'check', 'play.yml', '-i', 'hosts');
    expect(exitCode).toBe(65);
    const places = err.split('\n').flatMap((text) => /^\S+:\d+:\d+(?=: )/.exec(text) ?? []);
    expect(places).toEqual([
      'play.yml:3:7',
      'play.yml:4:7',
      'play.yml:5:18',
      'play.yml:5:27',
      'hosts:2:4',
      'hosts:2:6',
    ]);
    const lines = err.split('\n');
    const at = lines.findIndex((text) => text.startsWith('hosts:2:4'));
    expect(lines.slice(at + 1, at + 3)).toEqual(['    \ufffd\ufffd b c', '       ^']);
  });
});

describe('a mistake ends with 65', () => {
  it.each<[string, Record<string, string | Uint8Array>, string, RegExp]>([
    ['a pattern that names nothing', { 'play.yml': PLAYBOOK.replace('all', 'db') }, '', /play\.yml:1:3: .*"db"/],
    ['a limit that names nothing', {}, '-l db1', /--limit: there is no host and no group "db1"/],
    ['a limit that leaves nothing', {}, '-l all:!web1:!web2', /leaves no play a host to run on/],
    ['an empty limit file', { none: '' }, '-l @none', /limit file none names no host/],
    ['a limit file that is not there', {}, '-l @none', /limit file none does not exist/],
    ['a limit file without a name', {}, '-l @', /limit file: its name is empty/],
    ['variables from no file', {}, '-e @', /variable file: its name is empty/],
    ['a limit file with a typo', { some: 'web1\nwbe2\n' }, '-l @some', /some:2:1: .*"wbe2"/],
    ['an empty inventory', { hosts: '# nobody\n' }, '', /names no host/],
    ['an unknown keyword', { 'play.yml': task('command: uptime\n      wen: true') }, '', /play\.yml:5:7: .*"when"/],
    ['an unknown action', { 'play.yml': task('comand: uptime') }, '', /play\.yml:4:7: .*"command"/],
    [
      'an unknown filter',
      { 'play.yml': task('command: "echo {{ a | defualt(1) }}"') },
      '',
      /play\.yml:4:\d+: .*defualt/,
    ],
    ['a broken expression', { 'play.yml': task('command: id\n      when: a ==') }, '', /play\.yml:5:\d+: /],
    [
      'an unknown test',
      { 'play.yml': task('command: id\n      when: a is difined') },
      '',
      /play\.yml:5:\d+: .*difined/,
    ],
    ['facts', { 'play.yml': PLAYBOOK.replace('false', 'true') }, '', /play\.yml:2:17: .*gathers no facts/],
    ['a key twice', { 'play.yml': `${PLAYBOOK}  hosts: web1\n` }, '', /play\.yml:6:3: .*twice/],
    ['an extra variable without a value', {}, '-e stage', /"stage" is not key=value/],
    ['an extra mapping that does not close', {}, '-e {stage:1', /-e:1:\d+: /],
    ['a variable file that is not there', {}, '-e @stage.yml', /variable file stage\.yml does not exist/],
    [
      'a variable file that is a list',
      { 'stage.yml': '- a\n' },
      '-e @stage.yml',
      /stage\.yml:1:1: .*must be a mapping/,
    ],
    [
      'a port that is none',
      { hosts: 'web[1:2] ansible_port=ssh\n' },
      '',
      /web\[1-2\]: ansible_port must be a port .*"ssh"/,
    ],
    [
      'a connection nobody has',
      { hosts: 'web1 ansible_connection=docker\n' },
      '',
      /web1: ansible_connection is "docker"/,
    ],
  ])('%s', async (_, files, options, expected) => {
    const folder = folderWith({ ...GOOD, ...files });
    const attempts = withoutNetwork();
    const line = ['play.yml', '-i', 'hosts', ...options.split(' ').filter((word) => word !== '')];
    const planned = await rollgate(folder, 'plan', ...line);
    const ran = await rollgate(folder, 'run', ...line, '--yes');
    expect(ran).toEqual({ exitCode: 65, out: '', err: planned.err });
    expect(ran.err).toMatch(expected);
    expect(ran.err).toMatch(/; no host was touched\n$/);
    expect(ran.err).not.toMatch(/\n\s+at .*:\d+/);
    expect(existsSync(join(folder, '.rollgate'))).toBe(false);
    expect(attempts()).toBe(0);
  });

  it('shows the line and a caret under the place', async () => {
    const folder = folderWith({ ...GOOD, 'play.yml': task('comand: uptime') });
    const { err } = await rollgate(folder, 'check', 'play.yml', '-i', 'hosts');
    const [head, line, caret] = err.split('\n');
    expect(head).toMatch(
      /^play\.yml:4:7: "comand" is neither an action nor a keyword of a task; did you mean "command"\?$/,
    );
    expect(line).toBe('        - comand: uptime');
    expect(caret).toBe('          ^');
  });

  it('all of them are shown at once, wherever they stand', async () => {
    const folder = folderWith({
      'play.yml': task('comand: uptime\n      wen: true'),
      hosts: 'web1 ansible_host\n[web:childs]\nweb1\n',
      'group_vars/all.yml': 'a: 1\na: 2\n',
      'stage.yml': 'a: [\n',
    });
    const { exitCode, err } = await rollgate(folder, 'check', 'play.yml', '-i', 'hosts', '-e', '@stage.yml', '-e', 'x');
    expect(exitCode).toBe(65);
    for (const place of [
      'play.yml:4:7',
      'play.yml:5:7',
      'hosts:1:6',
      'hosts:2:1',
      'group_vars/all.yml:2:1',
      'stage.yml:2:1',
    ])
      expect(err).toContain(`${place}: `);
    expect(err).toContain('-e "x"');
    expect(err).toMatch(/\n7 mistakes; no host was touched\n$/);
  });

  it('a bad limit is told together with a bad playbook', async () => {
    const folder = folderWith({ ...GOOD, 'play.yml': task('comand: uptime') });
    const { err } = await rollgate(folder, 'plan', 'play.yml', '-i', 'hosts', '-l', 'db1');
    expect(err).toContain('play.yml:4:7: ');
    expect(err).toContain('--limit: there is no host and no group "db1"');
  });
});

describe('a variable that would lead elsewhere if it were ignored', () => {
  const refused = 'ansible_ssh_host';
  it.each<[string, Record<string, string>, readonly string[], string]>([
    ['of a host in INI', { hosts: `web1 a=1 ${refused}=10.0.0.1\n` }, [], 'hosts:1:10: '],
    ['of a group in INI', { hosts: `[web]\nweb1\n[web:vars]\n${refused}=10.0.0.1\n` }, [], 'hosts:4:1: '],
    ['of a host in YAML', { hosts: `all:\n  hosts:\n    web1:\n      ${refused}: a\n` }, [], 'hosts:4:7: '],
    ['of a group in YAML', { hosts: `all:\n  hosts: web1\n  vars:\n    ${refused}: a\n` }, [], 'hosts:4:5: '],
    ['in group_vars', { 'group_vars/all.yml': `${refused}: a\n` }, [], 'group_vars/all.yml:1:1: '],
    ['in host_vars', { 'host_vars/web1.yml': `a: 1\n${refused}: a\n` }, [], 'host_vars/web1.yml:2:1: '],
    ['of a play', { 'play.yml': `- hosts: all\n  vars:\n    ${refused}: a\n  tasks: []\n` }, [], 'play.yml:3:5: '],
    ['of a task', { 'play.yml': task(`command: id\n      vars:\n        ${refused}: a`) }, [], 'play.yml:6:9: '],
    ['by set_fact', { 'play.yml': task(`set_fact:\n        ${refused}: a`) }, [], 'play.yml:5:9: '],
    ['in a file of -e', { 'x.yml': `${refused}: a\n` }, ['-e', '@x.yml'], 'x.yml:1:1: '],
    ['in a mapping of -e', {}, ['-e', `{${refused}: a}`], '-e:1:2: '],
    ['in an assignment of -e', {}, ['-e', `${refused}=a`], '-e: '],
    [
      'in vars_files',
      { 'play.yml': `- hosts: all\n  vars_files: x.yml\n  tasks: []\n`, 'x.yml': `${refused}: a\n` },
      [],
      'x.yml:1:1: ',
    ],
  ])('%s', async (_, files, options, place) => {
    const folder = folderWith({ ...GOOD, ...files });
    const { exitCode, err } = await rollgate(folder, 'check', 'play.yml', '-i', 'hosts', ...options);
    expect(exitCode).toBe(65);
    expect(err).toContain(place);
    expect(err).toContain(`"${refused}" is not supported: write ansible_host\n`);
    expect(err).toContain('one mistake; ');
  });
});

describe('what keeps a host from being reached is told before any is touched', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['in ssh_config', { '.ssh/config': 'Host web2\n  Ciphers none\n' }, /\.ssh\/config:2:\d+: .*ciphers.*\(for web2\)/],
    [
      'in SSH arguments',
      { hosts: 'web[1:3] ansible_ssh_common_args="-o Ciphers=none"\n' },
      /ciphers.*\(for web\[1-3\]\)/,
    ],
  ])('%s', async (_, files, expected) => {
    const folder = folderWith({ ...GOOD, hosts: 'web1\nweb2\n', ...files });
    const attempts = withoutNetwork();
    const { exitCode, err } = await rollgate(folder, 'run', 'play.yml', '-i', 'hosts', '--yes');
    expect(exitCode).toBe(65);
    expect(err).toMatch(expected);
    expect(existsSync(join(folder, '.rollgate'))).toBe(false);
    expect(attempts()).toBe(0);
  });
});

/** A billion laughs, in ten lines. */
const LAUGHS = `a0: &a0 [lol, lol]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}`;
const JUNK = Uint8Array.from({ length: 50_000 }, (_, index) => (index * 7919 + (index >> 3)) % 256);

describe('what is no text that somebody wrote', () => {
  it.each<[string, string | Uint8Array]>([
    ['empty', ''],
    ['blank', ' \n\n'],
    ['only comments', '# a\n# b\n'],
    ['10 MB in one line', 'a'.repeat(10_000_000)],
    ['2 MB in one line', `- ${'a'.repeat(2_000_000)}\n`],
    ['not UTF-8', Uint8Array.of(0x2d, 0x20, 0xff, 0xfe, 0x0a)],
    ['binary junk', JUNK],
    ['with NUL bytes', '- hosts: all\0\n'],
    ['exploding anchors', LAUGHS],
    ['nested without end', '['.repeat(50_000)],
    ['braces without end', '{a: '.repeat(50_000)],
    ['a key twice', 'a: 1\na: 2\n'],
    ['an alias to itself', '&a [*a]\n'],
    ['a tab as indentation', 'a:\n\tb: 1\n'],
    ['a tag', 'a: !!python/object:os.system x\n'],
  ])('%s', async (_, content) => {
    const folder = folderWith({ ...GOOD, bad: content, 'bad.yml': content });
    const uses = [
      ['check', 'bad.yml', '-i', 'hosts'],
      ['check', 'play.yml', '-i', 'bad.yml'],
      ['check', 'play.yml', '-i', 'bad'],
      ['check', 'play.yml', '-i', 'hosts', '-e', '@bad.yml'],
      ['plan', 'play.yml', '-i', 'hosts', '-l', '@bad'],
    ];
    for (const argv of uses) {
      const { exitCode, out, err } = await rollgate(folder, ...argv);
      expect({ argv, exitCode, out }).toEqual({ argv, exitCode: 65, out: '' });
      expect(err).not.toMatch(/\n\s+at .*:\d+/);
      expect(err.length).toBeLessThan(100_000);
    }
  });

  it.each(['.', '/dev/zero', '/dev/full', 'nowhere.yml', 'play.yml/inside'])('%s as a playbook', async (path) => {
    const { exitCode, err } = await rollgate(folderWith(GOOD), 'check', path, '-i', 'hosts');
    expect(exitCode).toBe(65);
    expect(err).toContain(`the playbook ${path} `);
  });

  it('a pipe that nobody writes to', async () => {
    const folder = folderWith(GOOD);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const argv of [
      ['check', 'pipe', '-i', 'hosts'],
      ['check', 'play.yml', '-i', 'pipe'],
    ]) {
      const { exitCode, err } = await rollgate(folder, ...argv);
      expect(exitCode).toBe(65);
      expect(err).toContain('pipe is empty');
    }
  });

  it('a pipe whose writer says nothing', () => {
    const folder = folderWith(GOOD);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const writer = openSync(join(folder, 'pipe'), constants.O_RDWR);
    try {
      const found = realFiles(folder, 50).look('pipe');
      expect(found).toEqual({ kind: 'unreadable', why: 'nothing came through this pipe for 0.05 s' });
    } finally {
      closeSync(writer);
    }
  });

  it('a pipe that is written to is read, once', async () => {
    const folder = folderWith(GOOD);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    // Open for reading too, or opening it for writing would wait for us.
    const both = openSync(join(folder, 'pipe'), constants.O_RDWR);
    const writer = openSync(join(folder, 'pipe'), constants.O_WRONLY);
    writeSync(writer, 'db1\n');
    closeSync(writer);
    const reader = openSync(join(folder, 'pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
    closeSync(both);
    const { exitCode, out } = await rollgate(folder, 'inventory', '-i', 'pipe', '--hosts', 'all');
    closeSync(reader);
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: 'db1\n' });
  });
});
