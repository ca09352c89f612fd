import { afterEach, describe, expect, it, vi } from 'vitest';
import { good } from '../ledger/entries.ts';
import { folderWith, rollgate, withoutNetwork } from './terminal.ts';

const SECRETS = ['hunter2-login', 'hunter2-extra', 'hunter2-params', 'hunter2-group', 'hunter2-env'];
const FILES = {
  'site/play.yml': `- name: Web
  hosts: web
  serial: [1, "100%"]
  gather_facts: false
  vars:
    api_token: hunter2-group
  tasks:
    - name: Log in
      command: login hunter2-params
      no_log: true
    - name: Care
      block:
        - name: Up
          command: uptime
          tags: [a, b]
          environment:
            DB_PASSWORD: hunter2-env
`,
  hosts: '[web]\nweb[1:3] ansible_host=192.0.2.1 ansible_password=hunter2-login\n',
};
const LINE = ['plan', 'site/play.yml', '-i', 'hosts', '-e', 'db_password=hunter2-extra', '-e', 'stage=test'];

afterEach(() => {
  vi.restoreAllMocks();
});

async function idOf(folder: string, ...argv: readonly string[]): Promise<string> {
  const { exitCode, out } = await rollgate(folder, ...argv, '--format', 'json');
  expect(exitCode).toBe(0);
  return JSON.parse(out).id;
}

describe('rollgate plan', () => {
  it('connects to nothing', async () => {
    const attempts = withoutNetwork();
    const { exitCode, err } = await rollgate(folderWith(FILES), ...LINE);
    expect({ exitCode, err, attempts: attempts() }).toEqual({ exitCode: 0, err: '', attempts: 0 });
  });

  it('prints JSON that others can rely on', async () => {
    const { out } = await rollgate(folderWith(FILES), ...LINE, '--format', 'json');
    expect(JSON.parse(out)).toMatchObject({
      version: 1,
      id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      plays: [
        {
          name: 'Web',
          number: 1,
          batches: [
            { number: 1, hosts: ['web1'] },
            { number: 2, hosts: ['web2', 'web3'] },
          ],
          tasks: [
            { id: '1.tasks.1', name: 'Log in', action: 'command', section: 'tasks', blocks: [] },
            { name: 'Up', action: 'command', section: 'tasks', blocks: [{ name: 'Care', part: 'block' }] },
          ],
        },
      ],
    });
  });

  it.each(['text', 'json'])('holds no secret as %s', async (format) => {
    const { out } = await rollgate(folderWith(FILES), ...LINE, '--format', format);
    expect(SECRETS.filter((secret) => out.includes(secret))).toEqual([]);
    expect(out).toContain('Log in');
  });

  it('has an id that neither the run, the folder nor the order of options changes', async () => {
    const folder = folderWith(FILES);
    const id = await idOf(folder, ...LINE, '-t', 'a,b');
    const [command, playbook, ...options] = LINE;
    expect(await idOf(folder, ...LINE, '-t', 'a,b')).toBe(id);
    expect(await idOf(folderWith(FILES), ...LINE, '-t', 'a,b')).toBe(id);
    expect(await idOf(folder, ...LINE, '-t', 'b', '-t', 'a,b')).toBe(id);
    expect(await idOf(folder, String(command), '-t', 'a,b', ...options, String(playbook))).toBe(id);
    const swapped = ['-e', 'stage=test', '-t', 'a,b', '-e', 'db_password=hunter2-extra', '-i', 'hosts'];
    expect(await idOf(folder, 'plan', 'site/play.yml', ...swapped)).toBe(id);
  });

  it.each<[string, Record<string, string>, readonly string[]]>([
    ['a task', { 'site/play.yml': FILES['site/play.yml'].replace('uptime', 'uptime -p') }, []],
    ['a comment in the playbook, whose digest is an input', { 'site/play.yml': `${FILES['site/play.yml']}# x\n` }, []],
    ['a host', { hosts: FILES.hosts.replace('1:3', '1:4') }, []],
    ['a limit', {}, ['-l', 'web1']],
    ['a variable', {}, ['-e', 'stage=live']],
    ['the tags', {}, ['-t', 'a']],
    ['the forks', {}, ['-f', '3']],
  ])('has another id with another %s', async (_, files, options) => {
    const id = await idOf(folderWith(FILES), ...LINE);
    expect(await idOf(folderWith({ ...FILES, ...files }), ...LINE, ...options)).not.toBe(id);
  });

  it('has another id with another limit file of the same hosts: it is an input', async () => {
    const limited = (text: string) => idOf(folderWith({ ...FILES, some: text }), ...LINE, '-l', '@some');
    expect(await limited('web1\n')).not.toBe(await limited('web1 # the first\n'));
  });
});

describe('rollgate inventory', () => {
  const HOSTS = '[web]\nweb[1:2] rack=r1\n[db]\ndb1\n[all:vars]\nstage=test\n';
  const ask = (...argv: readonly string[]) =>
    rollgate(folderWith({ hosts: HOSTS }), 'inventory', '-i', 'hosts', ...argv);

  it('--list', async () => {
    const { exitCode, out } = await ask('--list');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      _meta: { hostvars: { web1: { rack: 'r1', stage: 'test' }, db1: { stage: 'test' } } },
      all: { children: ['ungrouped', 'web', 'db'] },
      web: { hosts: ['web1', 'web2'] },
    });
  });

  it('--host', async () => {
    const { exitCode, out } = await ask('--host', 'web2');
    expect({ exitCode, vars: JSON.parse(out) }).toEqual({ exitCode: 0, vars: { rack: 'r1', stage: 'test' } });
  });

  it.each<[string, readonly string[], string]>([
    ['a pattern', ['--hosts', 'web:db'], 'web1\nweb2\ndb1\n'],
    ['an intersection', ['--hosts', 'all:&web:!web1'], 'web2\n'],
    ['a limit', ['--hosts', 'all', '-l', 'db'], 'db1\n'],
  ])('--hosts with %s', async (_, argv, out) => {
    expect(await ask(...argv)).toEqual({ exitCode: 0, out, err: '' });
  });

  it('--graph', async () => {
    const { exitCode, out } = await ask('--graph');
    expect(exitCode).toBe(0);
    expect(out).toBe('@all:\n  |--@ungrouped:\n  |--@web:\n  |  |--web1\n  |  |--web2\n  |--@db:\n  |  |--db1\n');
  });

  it('a host that is not there', async () => {
    const { exitCode, err } = await ask('--host', 'web3');
    expect(exitCode).toBe(65);
    expect(err).toMatch(/no host "web3"; did you mean "web\d"\?/);
  });
});

describe('order: ledger', () => {
  const play =
    '- { hosts: all, order: ledger, serial: 2, estimate: 9m, tasks: [{ require_ledger: { name: links } }] }\n';
  const entry = (host: string, address: string, hours: number) =>
    `${JSON.stringify({
      ...good(host, 0, { name: 'links', machine: `${address}:22` }),
      until: new Date(Date.now() + hours * 3_600_000).toISOString(),
    })}\n`;
  const files = (...hours: readonly number[]) => ({
    'play.yml': play,
    hosts: ['a 192.0.2.1', 'b 192.0.2.2', 'c 192.0.2.3', 'd 192.0.2.4'].join('\n').replaceAll(' ', ' ansible_host='),
    'state/ledger.jsonl': hours.map((each, index) => entry(`was${index}`, `192.0.2.${index + 1}`, each)).join(''),
  });
  const line = ['plan', 'play.yml', '-i', 'hosts', '--state-dir', 'state'];
  const batchesOf = async (folder: string) =>
    JSON.parse((await rollgate(folder, ...line, '--format', 'json')).out).plays[0];

  it('takes first what ends first, by machine, and last, named, whatever is not known', async () => {
    const folder = folderWith(files(50, 3, 20));
    const planned = await batchesOf(folder);
    expect(planned.batches.map(({ hosts }: { hosts: string[] }) => hosts)).toEqual([
      ['b', 'c'],
      ['a', 'd'],
    ]);
    expect(planned.withoutEnd).toEqual(['d']);
    const { out } = await rollgate(folder, ...line);
    expect(out).toContain('in the order of the ledger: what ends first goes first; it knows of no end of d: last');
    expect(out).toContain('\n  links: every host that it knows comes in time; the ledger knows of no end of d\n');
  });

  it('is part of the plan’s id, and the clock is not', async () => {
    const one = await idOf(folderWith(files(50, 3)), ...line);
    expect(await idOf(folderWith(files(51, 4)), ...line)).toBe(one);
    expect(await idOf(folderWith(files(3, 50)), ...line)).not.toBe(one);
  });
});
