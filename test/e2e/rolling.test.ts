import { describe, expect, it } from 'vitest';
import { freePort, sshdMissing } from '../sshd/sshd.ts';
import { type Desk, ended, held, outcomes, resultOf } from './desk.ts';
import { deskForEach } from './desks.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

describe.skipIf(sshdMissing())('a rolling play', () => {
  let desk: Desk;
  deskForEach(
    NAMES.map((name, index) => `${name} ansible_host=127.5.0.${index + 1}`),
    (given) => {
      desk = given;
    },
  );

  const task = `
  tasks:
    - name: work
      shell: echo x >> {{ site }}/{{ inventory_hostname }}; test {{ inventory_hostname }} != b
`;

  it.each([
    ['serial: 2\n  max_fail_percentage: 49', 'abcd'.slice(0, 2)],
    ['serial: 2\n  max_fail_percentage: 50', 'abcdef'],
    ['serial: 2\n  max_failures: 0', 'ab'],
    ['serial: 3\n  any_errors_fatal: true', 'abc'],
    ['serial: 1\n  strategy: host_pinned\n  max_failures: 0', 'ab'],
  ])('with %s reaches %s when b fails', async (limit, reached) => {
    const { code } = await ended(desk.play(`- hosts: all\n  ${limit}${task}`));
    expect([code, NAMES.filter((name) => desk.left(name) !== '').join('')]).toEqual([2, reached]);
  });

  it('counts a host that cannot be reached as failed', async () => {
    const args = ['-e', `{"dead": ${await freePort()}}`];
    const port = '{{ dead if inventory_hostname == "b" else hostvars["a"].ansible_port }}';
    const play = `- hosts: all\n  serial: 2\n  max_failures: 0\n  vars: {ansible_port: '${port}'}\n  tasks: [{name: work, shell: "echo x >> {{ site }}/{{ inventory_hostname }}"}]\n`;
    const { code, events } = await ended(
      desk.play(play.replace('hostvars["a"].ansible_port', String(desk.sshd.port)), args),
    );
    expect([code, outcomes(events)]).toEqual([4, ['a work changed', 'b work unreachable']]);
  });

  it('rescues, finishes, hands over, delegates, runs once', async () => {
    const { code, events } = await ended(
      desk.play(`
- hosts: a:b
  tasks:
    - block:
        - name: breaks
          shell: exit 4
      rescue:
        - name: rescues
          shell: echo rescued >> {{ site }}/{{ inventory_hostname }}
          notify: hand
      always:
        - name: cleans
          shell: echo cleaned >> {{ site }}/{{ inventory_hostname }}
    - name: once
      shell: echo once >> {{ site }}/once; echo told
      run_once: true
      register: told
    - name: elsewhere
      shell: echo "$SSH_CONNECTION" | cut -d' ' -f3
      delegate_to: c
    - name: here
      shell: echo "[$SSH_CONNECTION]"
      delegate_to: localhost
      environment: { SSH_CONNECTION: none }
    - name: knows
      command: echo {{ told.stdout }}
  handlers:
    - name: hand
      shell: echo handled >> {{ site }}/{{ inventory_hostname }}
`),
    );
    expect(code).toBe(0);
    for (const host of ['a', 'b']) {
      expect(desk.left(host)).toBe('rescued\ncleaned\nhandled\n');
      expect(resultOf(events, 'elsewhere', host).stdout).toBe('127.5.0.3');
      expect(resultOf(events, 'here', host).stdout).toBe('[none]');
      expect(resultOf(events, 'knows', host).stdout).toBe('told');
    }
    expect(desk.left('once')).toBe('once\n');
    expect(events.find((event) => event.type === 'step_finished' && event.task === 'breaks')).toMatchObject({
      status: 'failed',
      rescued: true,
    });
  });

  it('brings a window home when the connection is cut in the middle', async () => {
    const call = desk.play(`
- hosts: a
  tasks:
    - window:
        name: outage
      block:
        - name: shut
          shell: ${held('{{ site }}/go')}
        - name: between
          shell: echo between >> {{ site }}/a
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/a
    - name: last
      shell: echo last >> {{ site }}/a
`);
    await call.printed('held');
    desk.sshd.cut();
    const { code, events } = await ended(call);
    desk.release('go');
    expect([code, outcomes(events)]).toEqual([4, ['a restart changed', 'a shut unreachable']]);
    expect(desk.left('a')).toBe('restart\n');
  });

  it('opens a connection again that was cut between two steps', async () => {
    const call = desk.play(`
- hosts: a
  tasks:
    - { name: before, shell: 'true' }
    - { name: waits, shell: "${held('{{ site }}/go')}", delegate_to: localhost }
    - { name: after, shell: 'true' }
`);
    await call.printed('held');
    desk.sshd.cut();
    desk.release('go');
    const { code, events } = await ended(call);
    expect([code, outcomes(events)]).toEqual([0, ['a after changed', 'a before changed', 'a waits changed']]);
  });
});
