import { chmodSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser, rootMissing, type Sshd, startSshd, type TemporaryUser } from '../sshd/sshd.ts';
import { Desk, ended, filesBelow, outcomes, resultOf } from './desk.ts';

const PLAYBOOK = `
- name: Rise
  hosts: all
  become: true
  tasks:
    - name: who
      command: id -un
    - name: shown
      shell: echo "it was {{ ansible_become_password | default('none') }}"
    - name: wrote
      copy: { content: "root's", dest: "{{ site }}/{{ inventory_hostname }}", mode: "0600" }
    - name: myself
      command: id -un
      become: false
    - name: another
      command: id -un
      become_user: nobody
`;

describe.skipIf(rootMissing())('sudo', () => {
  const users: TemporaryUser[] = [];
  let sshd: Sshd;
  let desk: Desk;
  beforeAll(async () => {
    const rules = [
      ['USER ALL=(ALL) NOPASSWD: ALL'],
      ['USER ALL=(ALL) ALL'],
      ['Defaults:USER requiretty', 'USER ALL=(ALL) ALL'],
      ['USER ALL=(ALL) ALL'],
      ['USER ALL=(ALL) ALL'],
    ];
    users.push(...rules.map((sudoers) => addUser({ sudoers })));
    sshd = await startSshd({ users: users.map(({ name }) => name) });
    const names = ['free', 'asked', 'tty', 'wrong', 'silent'];
    const hosts = names.map((host, index) => {
      const user = users[index];
      const password = host === 'wrong' ? 'not-it' : user?.password;
      const given = host === 'free' || host === 'silent' ? '' : ` ansible_become_password=${password}`;
      return `${host} ansible_host=127.3.0.${index + 1} ansible_user=${user?.name}${given}`;
    });
    desk = new Desk(sshd, hosts);
    chmodSync(desk.folder, 0o755);
    chmodSync(desk.site, 0o777);
    chmodSync(sshd.clientKey, 0o600);
  });
  afterAll(async () => {
    await desk?.close();
    await sshd?.stop();
    for (const user of users) user.remove();
  });

  it('makes root of whoever may, and shows no password', async () => {
    const result = await ended(desk.play(PLAYBOOK));
    const { events } = result;
    expect(result.code).toBe(2);
    for (const [index, host] of ['free', 'asked', 'tty'].entries()) {
      expect(outcomes(events.filter((event) => event.host === host))).toEqual(
        ['another', 'myself', 'shown', 'who', 'wrote'].map((task) => `${host} ${task} changed`),
      );
      expect(resultOf(events, 'who', host).stdout).toBe('root');
      expect(resultOf(events, 'myself', host).stdout).toBe(users[index]?.name);
      expect(resultOf(events, 'another', host).stdout).toBe('nobody');
      expect(desk.left(host)).toBe("root's");
    }
    expect(outcomes(events.filter(({ host }) => host === 'wrong' || host === 'silent'))).toEqual([
      'silent who failed',
      'wrong who failed',
    ]);
    expect(resultOf(events, 'who', 'wrong').msg).toMatch(/sudo.*password/i);
    expect(resultOf(events, 'who', 'silent').msg).toMatch(/password/);
    const secrets = [users[1]?.password ?? '', users[2]?.password ?? '', 'not-it'];
    const said = [result.stdout, result.stderr, ...filesBelow(desk.run).map((file) => readFileSync(file, 'latin1'))];
    for (const secret of secrets) expect(said.filter((text) => text.includes(secret))).toEqual([]);
  });
});
