import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../src/plan/digest.ts';
import { folderWith, rollgate, withoutNetwork } from './terminal.ts';

const FILES = {
  'site/play.yml': `- name: Web
  hosts: web:!old
  serial: [1, "100%"]
  max_failures: 50%
  max_fail_percentage: 30
  become: true
  tasks:
    - name: Looks
      ping:
    - name: Care
      window: {name: care, length: "{{ minutes }}m", reserve: 2m, guard: systemctl restart web}
      block:
        - name: Restart
          command: restart {{ inventory_hostname }} {{ db_password }}
          timeout: 90
      must_finish:
        - name: Up
          command: up
    - name: Put
      copy: {src: conf, dest: /etc/conf}
    - name: Brings
      script: gone.sh
`,
  'site/files/conf': 'conf\n',
  hosts: '[web]\nweb[1:4]\n[old]\nweb4\n[db]\ndb1\n',
};
const LINE = ['plan', 'site/play.yml', '-i', 'hosts', '-e', 'db_password=hunter2', '-e', 'minutes=15', '-l', '!web3'];

afterEach(() => {
  vi.restoreAllMocks();
});

async function saved(folder: string, name: string, ...more: readonly string[]): Promise<string> {
  const { exitCode, err } = await rollgate(folder, ...LINE, '-o', name, ...more);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  return readFileSync(join(folder, name), 'utf8');
}

describe('rollgate plan -o', () => {
  it('saves the plan itself, and beside it who made it', async () => {
    const folder = folderWith(FILES);
    const { made, ...plan } = JSON.parse(await saved(folder, 'plan.json', '--ticket', 'CHG-1'));
    const { out } = await rollgate(folder, ...LINE, '--format', 'json');
    expect(plan).toEqual(JSON.parse(out));
    expect(made).toMatchObject({
      ticket: 'CHG-1',
      folder,
      sources: { inventory: ['hosts'] },
      missing: ['site/gone.sh'],
    });
  });

  it('has the same id whenever, wherever and for whatever ticket', async () => {
    const id = async (...more: readonly string[]) => JSON.parse(await saved(folderWith(FILES), 'p.json', ...more)).id;
    expect(await id('--ticket', 'CHG-2')).toBe(await id());
  });

  it('holds to the files that tasks will read', async () => {
    const { inputs } = JSON.parse(await saved(folderWith(FILES), 'plan.json'));
    expect(inputs.at(-1)).toEqual({ path: 'site/files/conf', role: 'upload', sha256: sha256('conf\n') });
  });

  it.each(['md', 'html', 'txt'])('says in .%s what a reviewer asks', async (extension) => {
    const text = (await saved(folderWith(FILES), `plan.${extension}`, '--ticket', 'CHG-1')).replaceAll(/[\\`]/g, '');
    for (const said of [
      'CHG-1',
      'site/files/conf',
      sha256('conf\n'),
      'site/gone.sh',
      '--limit',
      'max_failures: 1',
      '1 of 1 hosts',
      'exec up',
      'root, by sudo',
      '1 min 30 s',
      'read-only',
      '15m',
      'systemctl restart web',
      'Reviewed by',
    ])
      expect(text).toContain(said);
    expect(text).not.toContain('hunter2');
  });

  it('says why hosts are left out', async () => {
    const text = await saved(folderWith(FILES), 'plan.txt');
    expect(text).toMatch(/1 +web3 +--limit "!web3" leaves out "web3"/);
    expect(text).toMatch(/1 +web4 +hosts: "web:!old" leaves out "old"/);
    expect(text).toMatch(/1 +db1 +hosts: "web:!old" does not name it/);
  });

  it('tells what git has of its files', async () => {
    const folder = folderWith(FILES);
    const git = (...args: readonly string[]) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
    git('init', '-q');
    git('add', 'site/play.yml', 'hosts');
    git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-q', '-m', 'x');
    git('rm', '-q', '--cached', 'hosts');
    const { made } = JSON.parse(await saved(folder, 'plan.json'));
    expect(made.repositories).toMatchObject([
      {
        commit: git('rev-parse', 'HEAD').trim(),
        committed: ['site/play.yml'],
        differing: ['hosts', 'site/files/conf'],
      },
    ]);
  });

  it('connects to nothing, and writes nothing for a name it does not know', async () => {
    const attempts = withoutNetwork();
    await saved(folderWith(FILES), 'plan.html');
    const { exitCode, err } = await rollgate(folderWith(FILES), ...LINE, '-o', 'plan.doc');
    expect({ exitCode, err, attempts: attempts() }).toMatchObject({ exitCode: 64, attempts: 0 });
    expect(err).toContain('.json, .html, .md, .txt');
  });

  it('shows hostile names as text', async () => {
    const play = '- name: "<img src=x>"\n  hosts: all\n  tasks: [{name: "a | b `c` <i>", command: "echo \'<b>\'"}]\n';
    const folder = folderWith({ 'play.yml': play, 'hosts.yml': '{all: {hosts: {"x<script>y": {}}}}' });
    await rollgate(folder, 'plan', 'play.yml', '-i', 'hosts.yml', '-o', 'p.html');
    expect(readFileSync(join(folder, 'p.html'), 'utf8')).not.toMatch(/<(img|i|b|script)\b/);
  });
});
