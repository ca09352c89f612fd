import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser, rootMissing, type Sshd, startSshd, type TemporaryUser } from '../sshd/sshd.ts';
import { Desk, ended, filesBelow, held, outcomes } from './desk.ts';

/** By where each is planted. Some with what shells, JSON and templates write otherwise. */
const PLANTED = {
  option: 'opt-3fa9"it\'s',
  file: 'file-81cc\\n$(x)',
  host: 'host-c2 d7',
  group: 'group-5e&<b>',
  play: 'play-77aa',
  task: 'task-0b1e',
  written: 'written-env-9d',
  hidden: 'nolog-4471',
  printed: 'nolog-out-a9',
  key: '-----BEGIN 1f-----\nbody-2e8c\n-----END 1f-----',
  login: 'login-6c31',
} as const;

const PLAYBOOK = `
- name: Secrets
  hosts: all
  become: true
  vars:
    play_password: ${PLANTED.play}
    signing:
      private_key: ${JSON.stringify(PLANTED.key)}
  environment:
    FROM_FILE: "{{ file_token }}"
    DB_PASSWORD: ${PLANTED.written}
    FROM_HOST: "{{ host_secret }}"
    FROM_GROUP: "{{ group_token }}"
    SIGNING: "{{ signing.private_key }}"
  tasks:
    - name: hold
      shell: ${held('{{ site }}/go')}
      vars: { task_password: ${PLANTED.task} }
      environment: { FROM_TASK: "{{ task_password }}", FROM_PLAY: "{{ play_password }}" }
    - name: "named {{ host_secret }}"
      command: printf '%s\\n' "$0" {{ option_password | quote }} {{ file_token | quote }} {{ play_password }}
    - name: env
      shell: env | sort; printf '%s\\n' "$FROM_FILE $FROM_GROUP" "$SIGNING" >&2
      register: env
    - name: again
      debug: { msg: ["{{ env.stdout }}", "{{ signing.private_key }}", "{{ {'a': option_password} | to_json }}"] }
    - name: became
      debug: { var: ansible_become_password }
    - name: silent
      shell: echo ${PLANTED.printed}; echo ${PLANTED.hidden} >&2; exit 1
      no_log: true
      ignore_errors: true
    - name: diff
      copy: { content: "{{ signing.private_key }}", dest: "{{ site }}/{{ inventory_hostname }}.key" }
    - name: turns
      command: "printf %s {{ item | quote }}"
      loop: ["{{ group_token }}", "{{ option_password }}"]
    - name: judged
      assert: { that: "play_password == 'x'", fail_msg: "{{ play_password }} and {{ option_password }}" }
      ignore_errors: true
    - name: undefined
      command: echo {{ signing.nothing }}
      ignore_errors: true
    - name: fails
      shell: printf %s {{ file_token | quote }}; exit 7
`;

const NOT_THERE = 'not-it-55e1';

describe.skipIf(rootMissing())('secrets', () => {
  let user: TemporaryUser;
  let sshd: Sshd;
  let desk: Desk;
  const options = ['-i', 'hosts.ini', '-e', '@given.yml', '-e', JSON.stringify({ option_password: PLANTED.option })];

  beforeAll(async () => {
    user = addUser({ sudoers: ['USER ALL=(ALL) ALL'] });
    sshd = await startSshd({ users: [user.name] });
    const login = `ansible_user=${user.name} ansible_password=${PLANTED.login}`;
    desk = new Desk(sshd, [
      `right ansible_host=127.9.0.1 ${login} ansible_become_password=${user.password} host_secret="${PLANTED.host}"`,
      `wrong ansible_host=127.9.0.2 ${login} ansible_become_password=${NOT_THERE} host_secret="${PLANTED.host}"`,
    ]);
    desk.write('given.yml', JSON.stringify({ file_token: PLANTED.file, group_token: PLANTED.group }));
    desk.write('play.yml', PLAYBOOK);
    chmodSync(desk.folder, 0o755);
    chmodSync(desk.site, 0o777);
  });
  afterAll(async () => {
    await desk?.close();
    await sshd?.stop();
    user?.remove();
  });

  /** Every secret that stands somewhere in a text, as it is or as it is written in JSON or HTML or for a shell. */
  function found(text: string): readonly string[] {
    return [...Object.values(PLANTED), user.password, NOT_THERE].filter((secret) => {
      const lines = secret === PLANTED.key ? ['body-2e8c'] : [secret];
      return lines.flatMap(forms).some((form) => text.includes(form));
    });
  }

  /** What the host shows of processes that are under way, with all their words. */
  function processes(): string {
    const words = (pid: string) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'latin1').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    };
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(words)
      .join('\n');
  }

  it('are in nothing that is written, printed or run', async () => {
    const inFiles = (name: string) => ['json', 'md', 'html', 'txt'].flatMap((form) => ['-o', `${name}.${form}`]);
    const planned = await ended(desk.call(['plan', 'play.yml', ...options, ...inFiles('plan')]));
    expect(planned.code).toBe(0);
    const probed = await ended(desk.call(['plan', 'play.yml', ...options, '--probe', ...inFiles('probed')]));
    expect(probed.stdout).toContain('probed.html');
    expect(readFileSync(join(desk.folder, 'probed.txt'), 'utf8')).toContain('What the hosts said');
    const call = desk.start(['run', 'play.yml', ...options, '--yes', '--format', 'json']);
    await call.printed('held', 'right');
    // What is written on rollgate's own command line is the operator's.
    expect(found(processes()).filter((secret) => secret !== PLANTED.option)).toEqual([]);
    desk.release('go');
    const ran = await ended(call);
    expect([ran.code, outcomes(ran.events).filter((line) => line.startsWith('right'))]).toEqual([
      2,
      [
        'right again ok',
        'right became ok',
        'right diff changed',
        'right env changed',
        'right fails failed',
        'right hold changed',
        'right judged failed',
        'right named ******** changed',
        'right silent failed',
        'right turns changed',
        'right undefined failed',
      ],
    ]);
    const shown = await ended(desk.start(['run', 'play.yml', ...options, '--yes', '--format', 'lines', '-l', 'right']));
    const reported = await ended(desk.start(['report', ...inFiles('report')]));
    expect(reported.code).toBe(0);
    const documents = ['plan', 'probed', 'report'].flatMap((name) => inFiles(name).filter((word) => word !== '-o'));
    const files = [...filesBelow(desk.state), ...documents.map((name) => join(desk.folder, name))];
    const written = files.map((file) => [file, readFileSync(file, 'utf8')] as const);
    const printed = [planned, probed, ran, shown, reported].flatMap(({ stdout, stderr }) => [
      ['stdout', stdout] as const,
      ['stderr', stderr] as const,
    ]);
    const leaks = [...written, ...printed].flatMap(([where, text]) =>
      found(text).map((secret) => `${secret} in ${where}`),
    );
    expect(leaks).toEqual([]);
    expect(written.map(([file]) => file).filter((file) => /hosts|journal|summary|plan/.test(file))).not.toEqual([]);
  }, 180_000);
});

function forms(secret: string): readonly string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inShell = secret.replaceAll("'", "'\\''");
  const inHtml = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [secret, inJson, inShell, JSON.stringify(inShell).slice(1, -1), inHtml];
}
