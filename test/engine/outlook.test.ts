import { describe, expect, it } from 'vitest';
import { outlookOf } from '../../src/engine/outlook.ts';
import { uploadsOf } from '../../src/engine/uploads.ts';
import { createExpressions } from '../../src/expressions/expressions.ts';
import { veiled } from '../../src/plan/secrets.ts';
import { planOf } from '../review/planning.ts';

/** What the tasks of a play come to, by name: hosts and work. */
function works(tasks: string, hosts = 'web1\nweb2\nweb3\n', vars: readonly string[] = []) {
  const { plan } = planOf(`- hosts: all\n  tasks:\n${tasks}`, hosts, vars);
  const outlook = outlookOf(veiled(plan), createExpressions(), '/site');
  return plan.plays.flatMap((play) =>
    play.tasks.map((task) => outlook.tasks.get(task.id)?.map(({ hosts: on, value }) => [on.join(','), value.work])),
  );
}

const commands = (...texts: readonly string[]) => ({ kind: 'commands', commands: texts });

describe('what a task comes to before the run', () => {
  it('is the very command, hosts that differ first', () => {
    const hosts = 'web1\nweb2 port=81\nweb3\n[all:vars]\nport=80\n';
    expect(works('    - command: serve --port {{ port }} "a b"\n', hosts)).toEqual([
      [
        ['web2', commands("exec serve --port 81 'a b'")],
        ['web1,web3', commands("exec serve --port 80 'a b'")],
      ],
    ]);
  });

  it('is skipped where a condition cannot hold', () => {
    expect(works('    - command: up\n      when: inventory_hostname == "web2"\n')).toMatchObject([
      [
        ['web2', { kind: 'commands' }],
        ['web1,web3', { kind: 'skipped', condition: 'inventory_hostname == "web2"' }],
      ],
    ]);
  });

  it.each([
    ['a result', '    - command: id\n      register: who\n', 'who.stdout | default("x")', '"who" comes from "command"'],
    ['a fact', '    - set_fact: {who: a}\n', 'who | default("x")', '"who" may be set by "set_fact"'],
    [
      'a hidden fact',
      '    - set_fact: {who: a}\n      no_log: true\n',
      'm | default("x")',
      '"m" may be set by "set_fact"',
    ],
    [
      'another host’s result',
      '    - command: id\n      register: who\n',
      'hostvars["web2"].who | default("x")',
      '"who" comes from "command"',
    ],
    ['the hosts left', '', 'ansible_play_hosts | length', '"ansible_play_hosts" changes as hosts fail'],
  ])('is not known where it rests on %s, whatever stands in for it', (_, before, expression, why) => {
    const all = works(`${before}    - command: echo {{ ${expression} }}\n`);
    expect(all.at(-1)).toEqual([
      ['web1,web2,web3', { kind: 'params', params: { cmd: `echo {{ ${expression} }}` }, why }],
    ]);
  });

  it('is known where -e settles what a task would', () => {
    const all = works('    - set_fact: {who: a}\n    - command: echo {{ who }}\n', 'web1\n', ['who=me']);
    expect(all.at(-1)).toEqual([['web1', commands('exec echo me')]]);
  });

  it('is each turn of a loop', () => {
    expect(works('    - command: add {{ item }}\n      loop: [a, "b c"]\n', 'web1\n')).toEqual([
      [
        [
          'web1',
          {
            kind: 'items',
            items: [
              { item: 'a', work: commands('exec add a') },
              { item: 'b c', work: commands('exec add b c') },
            ],
          },
        ],
      ],
    ]);
  });

  it('shows no secret, nor what a filter makes of one', () => {
    const tasks =
      '    - command: login {{ db_password }} {{ db_password | b64encode }}\n    - command: x hunter2\n      no_log: true\n';
    const all = JSON.stringify(works(tasks, 'web1\n', ['db_password=hunter2']));
    expect(all).toContain('exec login');
    expect(all).toContain('"hidden"');
    expect(['hunter2', btoa('hunter2')].filter((secret) => all.includes(secret))).toEqual([]);
  });
});

describe('the files that tasks will read', () => {
  it('are those of every action that reads any, on every host, in every turn', () => {
    const { plan, secrets } = planOf(
      `- hosts: all
  tasks:
    - copy: {src: "conf.{{ inventory_hostname }}", dest: /etc/x}
    - script: "{{ item }}.sh --now"
      loop: [a, b]
    - copy: {content: no file, dest: /etc/y}
    - copy: {src: hidden, dest: /etc/z}
      no_log: true
`,
      'web1\nweb2\n',
    );
    expect(uploadsOf(plan, secrets, createExpressions(), '/site')).toEqual([
      { path: 'conf.web1' },
      { path: 'conf.web2' },
      { path: 'a.sh' },
      { path: 'b.sh' },
      { path: 'hidden', hiddenBy: '1.tasks.4' },
    ]);
  });
});
