import { expect, it } from 'vitest';
import { accountOf } from '../../src/account/account.ts';
import { type Answers, planOf, run } from '../engine/harness.ts';
import { stamped } from '../journal/events.ts';

const play = (tasks: string, keywords = '') => `- hosts: all\n${keywords}  tasks:\n${tasks}`;
/** What is bad fails on one host, what is bad everywhere on all. */
const answers: Answers = (host, command) =>
  /everywhere/.test(command) || (host === 'h2' && /bad/.test(command)) ? 1 : 0;

const CASES: readonly (readonly [string, string])[] = [
  ['all goes well', play('    - command: one\n    - command: two\n')],
  ['a host fails', play('    - command: bad\n    - command: two\n')],
  ['a host fails for all', play('    - command: bad\n    - command: two\n', '  any_errors_fatal: true\n')],
  [
    'a failure is rescued',
    play(
      '    - block:\n        - command: bad\n        - command: two\n      rescue:\n        - command: three\n      always:\n        - command: four\n    - command: five\n',
    ),
  ],
  [
    'a failure is cleaned up after',
    play(
      '    - block:\n        - command: bad\n        - command: two\n      always:\n        - command: four\n    - command: five\n',
    ),
  ],
  [
    'a window is brought home',
    play(
      '    - window: care\n      block:\n        - command: bad\n        - command: two\n      must_finish:\n        - command: up\n    - command: five\n',
    ),
  ],
  ['something is done once', play('    - command: one\n      run_once: true\n    - command: two\n')],
  ['what is done once fails', play('    - command: everywhere\n      run_once: true\n    - command: two\n')],
  ['a host ends its play', play('    - meta: end_host\n      when: inventory_hostname == "h1"\n    - command: two\n')],
  ['a batch ends', play('    - command: one\n    - meta: end_batch\n    - command: two\n', '  serial: 1\n')],
  ['the play ends', play('    - command: one\n    - meta: end_play\n    - command: two\n', '  serial: 1\n')],
  [
    'handlers run',
    `${play('    - command: one\n      notify: [b, a]\n    - meta: flush_handlers\n    - command: two\n      notify: a\n')}  handlers:\n    - name: a\n      command: ha\n    - name: b\n      command: hb\n`,
  ],
  ['the budget is spent', play('    - command: bad\n    - command: two\n', '  serial: 1\n  max_fail_percentage: 0\n')],
];

it.each(CASES)('plan and journal agree where %s', async (_, playbook) => {
  const { plan } = planOf({ playbook });
  const { events } = await run({ playbook, answers });
  const finished = { type: 'run_finished', exitCode: 0, reason: 'all done' } as const;
  const account = accountOf(
    plan,
    stamped(...events, ...(events.some(({ type }) => type === 'run_finished') ? [] : [finished])),
    {
      now: '2026-11-22T00:00:00.000Z',
      suffix: '',
      logFolder: 'hosts',
      resumeCommand: 'rollgate resume',
    },
  );
  expect(
    account.plays[0]?.hosts.flatMap(({ steps }) => steps.filter(({ at }) => at !== undefined)).length,
  ).toBeGreaterThan(0);
  expect(account.departures).toEqual([]);
});
