import { describe, expect, it } from 'vitest';
import { sshdMissing } from '../sshd/sshd.ts';
import { type Desk, ended, held, outcomes } from './desk.ts';
import { deskForEach } from './desks.ts';

const PATIENT = { timeout: 25_000 };

describe.skipIf(sshdMissing())('a bastion that falls asleep', () => {
  let desk: Desk;
  deskForEach(
    ['a ansible_host=127.2.0.1'],
    (given) => {
      desk = given;
    },
    // It gives up a client that has been silent for two seconds.
    { config: ['ClientAliveInterval 1', 'ClientAliveCountMax 2'] },
  );

  /** Stops rollgate until its host has given it up, and wakes it. */
  async function sleepOn(call: { readonly child: { kill(signal: NodeJS.Signals): boolean } }): Promise<void> {
    const given = () => desk.sshd.log().split('Timeout, client not responding').length;
    const before = given();
    call.child.kill('SIGSTOP');
    await expect.poll(given, PATIENT).toBeGreaterThan(before);
    call.child.kill('SIGCONT');
  }

  it('until its connection is lost brings the window home that was open', async () => {
    const call = desk.play(`
- name: Roll
  hosts: a
  tasks:
    - window: {name: outage}
      block:
        - name: shut
          shell: echo shut >> {{ site }}/a; ${held('{{ site }}/go')}
        - name: between
          shell: echo between >> {{ site }}/a
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/a
    - name: last
      shell: echo last >> {{ site }}/a
`);
    await call.printed('held');
    await sleepOn(call);
    const { code, events } = await ended(call);
    desk.release('go');
    expect([code, outcomes(events)]).toEqual([4, ['a restart changed', 'a shut unreachable']]);
    expect(desk.left('a')).toBe('shut\nrestart\n');
  });

  it('outside a window asks what became of the step, and goes on', async () => {
    const call = desk.play(`
- name: Roll
  hosts: a
  tasks:
    - name: slow
      shell: echo slow >> {{ site }}/a; ${held('{{ site }}/go')}
    - name: last
      shell: echo last >> {{ site }}/a
`);
    await call.printed('held');
    await sleepOn(call);
    const { code, events } = await ended(call);
    desk.release('go');
    expect([code, outcomes(events)]).toEqual([4, ['a slow unreachable']]);
    const again = await ended(desk.resume(['--retry-unreachable', '--assume-done', '--reason', 'its log says so']));
    expect([again.code, desk.left('a')]).toEqual([0, 'slow\nlast\n']);
  });

  it('between two steps goes on as if nothing had been', async () => {
    const call = desk.play(`
- name: Roll
  hosts: a
  tasks:
    - { name: before, shell: 'true' }
    - { name: waits, shell: "${held('{{ site }}/go')}", delegate_to: localhost }
    - { name: after, shell: 'true' }
`);
    await call.printed('held');
    await sleepOn(call);
    desk.release('go');
    const { code, events } = await ended(call);
    expect([code, outcomes(events)]).toEqual([0, ['a after changed', 'a before changed', 'a waits changed']]);
  });
});
