import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sshdMissing } from '../sshd/sshd.ts';
import { type Desk, ended, held, outcomes } from './desk.ts';
import { deskForEach } from './desks.ts';

const PLAYBOOK = `
- name: Roll
  hosts: all
  serial: 1
  tasks:
    - name: slow
      shell: echo slow >> {{ site }}/{{ inventory_hostname }}; ${held('{{ site }}/{{ inventory_hostname }}-go')}
      timeout: 600
    - window: {name: outage}
      block:
        - name: shut
          shell: echo shut >> {{ site }}/{{ inventory_hostname }}
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/{{ inventory_hostname }}
`;

describe.skipIf(sshdMissing())('the clock of the bastion', () => {
  let desk: Desk;
  deskForEach(['a ansible_host=127.2.0.1', 'b ansible_host=127.2.0.2'], (given) => {
    desk = given;
    const preload = join(import.meta.dirname, 'shifted-clock.mjs');
    desk.env = { ...desk.env, NODE_OPTIONS: `--import ${preload}`, CLOCK_SHIFT: desk.write('shift', '0') };
  });

  it.each([
    ['ahead', 3],
    ['back', -3],
  ])(
    'jumps three hours %s: nothing times out, is done twice or left out, and no time is told that did not pass',
    async (_, hours) => {
      const call = desk.play(PLAYBOOK);
      await call.printed('held', 'a');
      desk.write('shift', String(hours));
      desk.release('a-go');
      await call.printed('held', 'b');
      const status = await desk.start(['status']).ended;
      desk.release('b-go');
      const { code, events } = await ended(call);
      expect([code, outcomes(events)]).toEqual([
        0,
        [
          'a restart changed',
          'a shut changed',
          'a slow changed',
          'b restart changed',
          'b shut changed',
          'b slow changed',
        ],
      ]);
      for (const host of ['a', 'b']) expect(desk.left(host)).toBe('slow\nshut\nrestart\n');
      const hourMs = 3_600_000;
      const [first, last] = [events[0], events.at(-1)].map((event) => Date.parse(event?.at ?? ''));
      expect(Math.round(((last ?? 0) - (first ?? 0)) / hourMs)).toBe(hours);
      const took = events.filter(({ type }) => type === 'step_finished').map(({ ms }) => Number(ms));
      expect(took.filter((ms) => ms < 0 || ms > hourMs)).toEqual([]);
      expect([status.code, status.stderr]).toEqual([0, '']);
      expect(status.stdout).not.toMatch(/-\d+ ?(s|min|h)\b/);
      const again = await desk.resume().ended;
      expect(again.stdout).toContain('nothing is left to do');
    },
  );
});
