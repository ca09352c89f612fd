import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missing, sshdMissing } from '../sshd/sshd.ts';
import { type Desk, ended, held, outcomes } from './desk.ts';
import { deskForEach } from './desks.ts';

const KNOWN = '127.0.0.1 localhost\n127.2.0.1 a.rollgate.test\n127.2.0.2 b.rollgate.test\n';

const PLAYBOOK = `
- name: Roll
  hosts: all
  serial: 1
  tasks:
    - name: slow
      shell: echo slow >> {{ site }}/{{ inventory_hostname }}; ${held('{{ site }}/go')}
    - name: last
      shell: echo last >> {{ site }}/{{ inventory_hostname }}
`;

function namespacesMissing(): string | undefined {
  const able = spawnSync('unshare', ['--mount', 'true']).status === 0;
  return able ? undefined : missing('not root here: the tests with names of their own are left out');
}

describe.skipIf(sshdMissing() || namespacesMissing())('names that are resolved no more', () => {
  let desk: Desk;
  deskForEach(['a ansible_host=a.rollgate.test', 'b ansible_host=b.rollgate.test'], (given) => {
    desk = given;
    // Names that rollgate alone sees; and nobody answers at the address of its name server.
    const [hosts, resolver] = [
      desk.write('hosts', KNOWN),
      desk.write('resolv.conf', 'nameserver 127.0.0.1\noptions attempts:1 timeout:1\n'),
    ];
    const script = `mount --bind '${hosts}' /etc/hosts && mount --bind '${resolver}' /etc/resolv.conf && exec "$@"`;
    desk.under = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
    desk.write('.ssh/known_hosts', readFileSync(desk.sshd.knownHosts, 'utf8').replace('[127.*]', '[*.rollgate.test]'));
  });

  const forget = () => desk.write('hosts', '127.0.0.1 localhost\n');
  const know = () => desk.write('hosts', KNOWN);

  it('keep nobody who is connected from going on; who is not yet is not reached, and comes later', async () => {
    const call = desk.play(PLAYBOOK);
    await call.printed('held', 'a');
    forget();
    desk.release('go');
    const { code, events } = await ended(call);
    expect([code, outcomes(events)]).toEqual([4, ['a last changed', 'a slow changed', 'b slow unreachable']]);
    expect(desk.summary().failed).toMatchObject([
      { host: 'b', reason: expect.stringMatching(/b\.rollgate\.test port \d+: the name cannot be resolved/) },
    ]);
    know();
    const again = await ended(desk.resume(['--retry-unreachable']));
    expect([again.code, outcomes(again.events)]).toEqual([0, ['b last changed', 'b slow changed']]);
    for (const host of ['a', 'b']) expect(desk.left(host)).toBe('slow\nlast\n');
  });

  it('keep a window open whose host has gone meanwhile, and it is brought home when they are resolved again', async () => {
    const call = desk.play(`
- name: Roll
  hosts: a
  tasks:
    - window: {name: outage}
      block:
        - name: shut
          shell: echo shut >> {{ site }}/a; ${held('{{ site }}/go')}
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/a
`);
    await call.printed('held');
    forget();
    desk.sshd.cut();
    await call.event(({ task, outcome }) => task === 'restart' && String(outcome).startsWith('unreachable'));
    know();
    const { code, events } = await ended(call);
    desk.release('go');
    expect([code, outcomes(events)]).toEqual([4, ['a restart changed', 'a shut unreachable']]);
    expect(desk.left('a')).toBe('shut\nrestart\n');
  });
});
