import { execFile } from 'node:child_process';
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { outlookOf, type Work } from '../../src/engine/outlook.ts';
import { createExpressions } from '../../src/expressions/expressions.ts';
import { planId } from '../../src/plan/digest.ts';
import { veiled } from '../../src/plan/secrets.ts';
import { folderWith, rollgate } from './terminal.ts';

const IMAGE = `sha256:${'1'.repeat(64)}`;
const FILES = {
  'play.yml': `- name: Work
  hosts: all
  vars_files: [more.yml]
  tasks:
    - copy: {src: conf, dest: /tmp/x}
    - copy: {src: secret.key, dest: /tmp/y}
      no_log: true
    - template_free: &a
      command: echo {{ stage }} {{ db_password }} {{ given }} {{ more }} {{ here }}
      tags: [a, b]
    - script: do.sh {{ stage }}
    - mesos_gdb_image: {image: "${IMAGE}", archive: gdb.tar}
    - mesos_cluster: {masters: ["https://m:5050"], ca_file: ca.pem}
`.replace('    - template_free: &a\n      command', '    - command'),
  'more.yml': 'more: 1\n',
  'given.yml': 'given: 1\n',
  'some.txt': 'web1\nweb2\n',
  conf: 'conf\n',
  'secret.key': 'key\n',
  'do.sh': 'true\n',
  'gdb.tar': 'tar\n',
  'ca.pem': 'pem\n',
  hosts: 'web1\nweb2\nweb3\n',
  'group_vars/all.yml': 'here: 1\n',
};
const VARS = ['-e', 'stage=test', '-e', '@given.yml', '-e', 'db_password=hunter2'];
const LINE = ['plan', 'play.yml', '-i', 'hosts', ...VARS, '-l', '@some.txt', '-t', 'a,untagged', '-o', 'plan.json'];
const SECRET = ['-e', 'db_password=hunter2'];

/** A folder with a plan that was saved in it. */
async function approved(...more: readonly string[]): Promise<string> {
  const folder = folderWith(FILES);
  const { exitCode, err } = await rollgate(folder, ...LINE, ...more);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  return folder;
}

/** Nobody is at the terminal: what is not refused comes to the question whether to go on, which has its own exit code. */
const ASKED = 64;

function runPlan(folder: string, ...more: readonly string[]) {
  return rollgate(folder, 'run', '--plan', 'plan.json', ...SECRET, ...more);
}

function rewrite(folder: string, name: string, edit: (text: string) => string): void {
  const path = join(folder, name);
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
}

/** Changes a saved plan, or how it was made, and gives it the id that fits. */
function resave(folder: string, edit: (saved: Record<string, Record<string, unknown>>) => void): void {
  rewrite(folder, 'plan.json', (text) => {
    const saved = JSON.parse(text);
    edit(saved);
    const { made, ...plan } = saved;
    return JSON.stringify({ ...plan, id: planId(plan), made });
  });
}

describe('rollgate run --plan', () => {
  it('takes what was approved', async () => {
    const { exitCode, err } = await runPlan(await approved());
    expect({ exitCode, err }).toMatchObject({ exitCode: ASKED, err: expect.stringContaining('asks before it begins') });
  });

  it.each<[string, string]>([
    ['play.yml', 'playbook play.yml has changed'],
    ['hosts', 'inventory hosts has changed'],
    ['group_vars/all.yml', 'inventory group_vars/all.yml has changed'],
    ['more.yml', 'variables more.yml has changed'],
    ['given.yml', 'variables given.yml has changed'],
    ['some.txt', 'limit some.txt has changed'],
    ['conf', 'upload conf has changed'],
    ['secret.key', 'upload a file of 1.tasks.2 has changed'],
    ['do.sh', 'upload do.sh has changed'],
    ['gdb.tar', 'upload gdb.tar has changed'],
    ['ca.pem', 'upload ca.pem has changed'],
  ])('refuses another %s, and names nothing else', async (name, said) => {
    const folder = await approved();
    rewrite(folder, name, (text) => `${text}# more\n`);
    const { exitCode, err } = await runPlan(folder);
    expect(exitCode).toBe(65);
    expect(err.split('\n').slice(0, -1)).toEqual([
      expect.stringContaining(said),
      'the plan was not run; no host was touched',
    ]);
  });

  it.each<[string, readonly string[], string]>([
    ['limit', ['-l', 'web1'], '--limit was "@some.txt", and is "web1"'],
    ['number of hosts at a time', ['-f', '3'], '--forks was 10, and is 3'],
    ['choice of tags', ['-t', 'b'], '--tags was "a,untagged", and is "b"'],
    ['choice of tags to skip', ['--skip-tags', 'b'], '--skip-tags was not given, and is "b"'],
    ['hour', ['--not-after', '2999-01-01T00:00Z'], '--not-after was not given, and is "2999-01-01T00:00:00.000Z"'],
    ['variable', ['-e', 'stage=live'], '-e stage was "test", and is "live"'],
    ['variable more', ['-e', 'other=1'], '-e other was not given, and is "1"'],
    ['inventory', ['-i', 'web1,web2,web4,'], 'the inventory has gained web4'],
    ['playbook', ['./play.yml'], 'the playbook was "play.yml", and is "./play.yml"'],
  ])('refuses another %s', async (_, options, said) => {
    const { exitCode, err } = await runPlan(await approved(), ...options);
    expect({ exitCode, err }).toEqual({ exitCode: 65, err: expect.stringContaining(said) });
  });

  it('holds to the hours that were approved', async () => {
    const folder = await approved('--not-before', '2999-01-01T22:00Z', '--cutoff', '2999-01-02T04:00Z');
    for (const hours of [[], ['--not-before', '2999-01-01T23:00+01:00', '--not-after', '2999-01-02T04:00Z']])
      expect(await runPlan(folder, ...hours)).toMatchObject({ exitCode: ASKED });
    expect((await runPlan(folder, '--cutoff', '2999-01-02T05:00Z')).err).toContain(
      '--not-after was "2999-01-02T04:00:00.000Z", and is "2999-01-02T05:00:00.000Z"',
    );
    const { out } = await rollgate(folder, 'show', 'plan.json');
    expect(out).toContain('not before 2999-01-01T22:00:00.000Z, none after 2999-01-02T04:00:00.000Z');
    resave(folder, ({ options }) => Object.assign(options ?? {}, { notAfter: '2026-01-01T00:00:00.000Z' }));
    expect((await runPlan(folder)).err).toContain('the hours of the plan ended at 2026-01-01T00:00:00.000Z');
  });

  it('names every difference', async () => {
    const folder = await approved();
    for (const name of ['conf', 'hosts']) rewrite(folder, name, (text) => `${text}# more\n`);
    const { err } = await runPlan(folder, '-f', '3', '--max-age', '0s');
    for (const said of ['upload conf', 'inventory hosts', '--forks', '--max-age']) expect(err).toContain(said);
  });

  it('refuses where a file to be sent has gone, or has come', async () => {
    const folder = await approved();
    rmSync(join(folder, 'conf'));
    expect((await runPlan(folder)).err).toContain('upload conf is not read any more, or not there');
    await rollgate(folder, ...LINE);
    writeFileSync(join(folder, 'conf'), '');
    expect((await runPlan(folder)).err).toContain('upload conf is read now, and was not');
  });

  it('refuses where the playbook cannot be read any more', async () => {
    const folder = await approved();
    rmSync(join(folder, 'play.yml'));
    const { exitCode, err } = await runPlan(folder);
    expect({ exitCode, err }).toEqual({ exitCode: 65, err: expect.stringContaining('play.yml does not exist') });
  });

  it('refuses another major version of rollgate, and takes another minor one', async () => {
    const folder = await approved();
    resave(folder, ({ made = {} }) => Object.assign(made, { rollgate: '0.99.9' }));
    expect((await runPlan(folder)).exitCode).toBe(ASKED);
    resave(folder, ({ made = {} }) => Object.assign(made, { rollgate: '7.0.0' }));
    const { exitCode, err } = await runPlan(folder);
    expect({ exitCode, err }).toEqual({ exitCode: 65, err: expect.stringContaining('made by rollgate 7.0.0') });
  });

  it('refuses what is too old', async () => {
    const folder = await approved();
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    resave(folder, ({ made = {} }) => Object.assign(made, { at: daysAgo(6.9) }));
    expect((await runPlan(folder)).exitCode).toBe(ASKED);
    resave(folder, ({ made = {} }) => Object.assign(made, { at: daysAgo(7.1) }));
    const { exitCode, err } = await runPlan(folder);
    expect({ exitCode, err }).toEqual({ exitCode: 65, err: expect.stringContaining('--max-age allows 7 d') });
    expect((await runPlan(folder, '--max-age', '8d')).exitCode).toBe(ASKED);
    expect((await runPlan(folder, '--max-age', '12h')).exitCode).toBe(65);
    expect((await runPlan(folder, '--max-age', 'soon')).err).toContain('write 7d, 12h or 90m');
  });

  it('refuses a plan that was changed by hand', async () => {
    const folder = await approved();
    rewrite(folder, 'plan.json', (text) => text.replace('"forks": 10', '"forks": 99'));
    const { exitCode, err } = await runPlan(folder);
    expect({ exitCode, err }).toEqual({ exitCode: 65, err: expect.stringContaining('changed after it was saved') });
  });

  it('refuses tasks that no file of the plan accounts for', async () => {
    const folder = await approved();
    resave(folder, (saved) => Object.assign(saved.plays?.[0] as object, { name: 'Other' }));
    const { exitCode, err } = await runPlan(folder);
    expect({ exitCode, err }).toEqual({ exitCode: 65, err: expect.stringContaining('differs at plays.0.name') });
  });

  it.each(['', 'no JSON', '[]', '{"version": 1}', 'null'])('refuses a file that holds no plan: %s', async (text) => {
    const folder = folderWith({ 'plan.json': text });
    expect((await runPlan(folder)).err).toContain('it holds no plan');
  });

  it('asks for secrets that are stored nowhere', async () => {
    const { exitCode, err } = await rollgate(await approved(), 'run', '--plan', 'plan.json');
    expect({ exitCode, err }).toEqual({
      exitCode: 65,
      err: 'extra variable: db_password: secrets are not stored in plans, and this one could not be read again; give it again by -e\nthe plan was not run; no host was touched\n',
    });
  });

  it('refuses nothing else', async () => {
    const folder = await approved();
    for (const name of Object.keys(FILES)) utimesSync(join(folder, name), 0, 0);
    const same = ['play.yml', '-i', 'hosts', '-l', '@some.txt', '-f', '10', '-t', 'untagged', '-t', 'a,a'];
    const vars = ['-e', 'db_password=another', '-e', '@given.yml', '-e', 'stage=test'];
    expect((await runPlan(folder)).exitCode).toBe(ASKED);
    expect((await runPlan(folder, ...same, ...vars)).exitCode).toBe(ASKED);
    expect((await runPlan(folder, '--format', 'json', '--state-dir', 'elsewhere')).exitCode).toBe(ASKED);
    const shown = await rollgate(folder, 'show', 'plan.json');
    const columns = Object.getOwnPropertyDescriptor(process.stdout, 'columns');
    Object.defineProperty(process.stdout, 'columns', { value: 31, configurable: true });
    onTestFinished(() => {
      Object.defineProperty(process.stdout, 'columns', columns ?? { value: undefined, configurable: true });
    });
    expect((await runPlan(folder)).exitCode).toBe(ASKED);
    expect(await rollgate(folder, 'show', 'plan.json')).toEqual(shown);
  });

  it('goes on pausing where it was to pause, and refuses a pause that was not approved', async () => {
    expect((await runPlan(await approved('--pause-after-first'))).exitCode).toBe(ASKED);
    expect((await runPlan(await approved(), '--pause-after-first')).err).toContain('differs at plays.0.pauseAfter');
  });

  it('keeps the order that a shuffle has come to', async () => {
    const hosts = Array.from({ length: 40 }, (_, index) => `h${index}\n`).join('');
    const folder = folderWith({ 'play.yml': '- hosts: all\n  order: shuffle\n  tasks: [ping: ]\n', hosts });
    await rollgate(folder, 'plan', 'play.yml', '-i', 'hosts', '-o', 'plan.json');
    expect((await rollgate(folder, 'run', '--plan', 'plan.json')).exitCode).toBe(ASKED);
  });
});

const CLI = ['--import', import.meta.resolve('tsx'), join(import.meta.dirname, '../../src/cli.ts')];

interface Came {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** As a process of its own: what a run prints goes to its stdout. */
function really(folder: string, ...argv: readonly string[]): Promise<Came> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...CLI, ...argv], { cwd: folder }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

describe('a plan that has been run', () => {
  const files = {
    'play.yml': '- hosts: all\n  tasks:\n    - command: test -e {{ playbook_dir }}/go\n',
    hosts: 'here ansible_connection=local\n',
  };

  it('is not run again once it came to its end; until then it is', async () => {
    const folder = folderWith(files);
    await rollgate(folder, 'plan', 'play.yml', '-i', 'hosts', '-o', 'plan.json');
    const run = ['run', '--plan', 'plan.json', '--yes'];
    expect((await really(folder, ...run)).code).toBe(2);
    writeFileSync(join(folder, 'go'), '');
    const { code, err } = await really(folder, ...run);
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/run \S+ of this plan has stopped: rollgate resume/),
    });
    const again = await really(folder, ...run);
    expect(again).toMatchObject({ code: 65, err: expect.stringContaining('the plan has been run already') });
    await rollgate(folder, 'plan', 'play.yml', '-i', 'hosts', '-o', 'plan.json');
    expect((await really(folder, ...run)).code).toBe(0);
  }, 120_000);
});

/** What the work of a task comes to in a plan: its commands, in their order. */
function commandsIn(work: Work | undefined): readonly string[] {
  if (work?.kind === 'items') return work.items.flatMap((each) => commandsIn(each.work));
  return work?.kind === 'commands' ? work.commands : [];
}

describe('what was approved', () => {
  it('is what is sent, command by command', async () => {
    const folder = folderWith({
      hosts: 'a\nb port=81\n[all:vars]\nansible_connection=local\nport=80\n',
      'play.yml': `- hosts: all
  tasks:
    - command: echo {{ port }} "it's" '*'
    - shell: echo $HOME {{ db_password }} | cat
      args: {chdir: /tmp}
    - raw: echo {{ inventory_hostname }}
    - command: echo {{ item }}
      loop: [1, two words, "{{ port }}"]
    - command: echo not here
      when: port == 81
`,
    });
    const vars = ['-e', 'db_password=hunter2'];
    await rollgate(folder, 'plan', 'play.yml', '-i', 'hosts', ...vars, '-o', 'plan.json');
    const { code, out } = await really(folder, 'run', '--plan', 'plan.json', ...vars, '--yes', '--format', 'json');
    expect(code).toBe(0);
    const plan = veiled(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')));
    const { tasks } = outlookOf(plan, createExpressions(), folder);
    const approvedOn = (host: string) =>
      [...tasks.values()].flatMap((alike) => commandsIn(alike.find(({ hosts }) => hosts.includes(host))?.value.work));
    const sent = out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    for (const host of ['a', 'b']) {
      const done = sent.filter(
        ({ type, purpose, host: on }) => type === 'command_started' && purpose === 'work' && on === host,
      );
      expect(done.map(({ command }) => command)).toEqual(approvedOn(host));
      expect(done).toHaveLength(host === 'b' ? 7 : 6);
    }
  });
});

describe('rollgate show', () => {
  it('shows a saved plan as it was', async () => {
    const folder = await approved('-o', 'plan.txt');
    const { exitCode, out, err } = await rollgate(folder, 'show', 'plan.json');
    expect({ exitCode, out, err }).toEqual({
      exitCode: 0,
      out: readFileSync(join(folder, 'plan.txt'), 'utf8'),
      err: '',
    });
  });

  it('warns of what has changed since, and does not fail for it', async () => {
    const folder = await approved();
    rewrite(folder, 'conf', (text) => `${text}more\n`);
    const { exitCode, out, err } = await rollgate(folder, 'show', 'plan.json');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: expect.stringContaining('upload conf has changed') });
    expect(out).toContain('this has changed since the plan was made');
    rmSync(join(folder, 'play.yml'));
    expect(await rollgate(folder, 'show', 'plan.json', '-o', 'p.html')).toMatchObject({
      exitCode: 0,
      err: expect.stringContaining('play.yml does not exist'),
    });
    expect(readFileSync(join(folder, 'p.html'), 'utf8')).toContain('play.yml does not exist');
  });

  it('refuses what is not a plan', async () => {
    expect((await rollgate(folderWith({ 'x.json': '{}' }), 'show', 'x.json')).exitCode).toBe(65);
    expect((await rollgate(folderWith({}), 'show', 'x.json')).err).toContain('cannot be read');
  });
});
