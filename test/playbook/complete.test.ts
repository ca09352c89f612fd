import { describe, expect, it } from 'vitest';
import type { Item, Play, Task } from '../../src/playbook/playbook.ts';
import { good } from './reading.ts';

function playOf(text: string): Play {
  const [play] = good(text).plays;
  if (play === undefined) throw new Error('no play');
  return play;
}

const tasksOf = (items: readonly Item[]): readonly Task[] =>
  items.flatMap((item) =>
    item.kind === 'task' ? [item] : tasksOf([...item.block, ...item.rescue, ...item.always, ...item.mustFinish]),
  );

/** The one task of a play that is written in flow style, and holds these keywords. */
function taskWith(keywords: string): Task {
  const [task] = tasksOf(playOf(`- hosts: all\n  tasks:\n  - {${keywords}}\n`).tasks);
  if (task === undefined) throw new Error('no task');
  return task;
}

describe('a play that says little', () => {
  it('has every default', () => {
    expect(good('- hosts: all\n')).toEqual({
      file: 'site.yml',
      plays: [
        {
          name: 'all',
          number: 1,
          place: { file: 'site.yml', line: 1, column: 3, excerpt: '- hosts: all' },
          hosts: 'all',
          serial: [],
          order: 'inventory',
          strategy: 'linear',
          vars: {},
          varsFiles: [],
          preTasks: [],
          tasks: [],
          postTasks: [],
          handlers: [],
        },
      ],
    });
  });

  it('and a task has too', () => {
    expect(taskWith('ping: ')).toEqual({
      kind: 'task',
      id: '1.tasks.1',
      name: 'ping',
      place: { file: 'site.yml', line: 3, column: 5, excerpt: '  - {ping: }' },
      action: 'ping',
      params: {},
      when: [],
      until: [],
      delay: 5,
      ignoreErrors: false,
      ignoreUnreachable: false,
      anyErrorsFatal: false,
      runOnce: false,
      notify: [],
      listen: [],
      tags: [],
      timeout: 1800,
      noLog: false,
      environment: [],
      vars: {},
      become: false,
    });
  });
});

describe('keywords of a play', () => {
  it.each<[string, Partial<Play>]>([
    ['hosts: [web, "!web1"]', { hosts: 'web,!web1', name: 'web,!web1' }],
    ['hosts: "{{ target }}"', { hosts: '{{ target }}' }],
    ['hosts: a\n  name: The play', { name: 'The play' }],
    ['hosts: a\n  name:', { name: 'a' }],
    ['hosts: a\n  serial: 5', { serial: [5] }],
    ['hosts: a\n  serial: "5"', { serial: [5] }],
    ['hosts: a\n  serial: "25%"', { serial: ['25%'] }],
    ['hosts: a\n  serial: 25%', { serial: ['25%'] }],
    ['hosts: a\n  serial: [1, "5 %", "{{ n }}", 0]', { serial: [1, '5%', '{{ n }}', 0] }],
    ['hosts: a\n  serial: []', { serial: [] }],
    ['hosts: a\n  max_fail_percentage: 12.5', { maxFailPercentage: 12.5 }],
    ['hosts: a\n  max_fail_percentage: "25%"', { maxFailPercentage: '25%' }],
    ['hosts: a\n  max_fail_percentage: "25"', { maxFailPercentage: 25 }],
    ['hosts: a\n  max_failures: 0', { maxFailures: 0 }],
    ['hosts: a\n  max_failures: 5%', { maxFailures: '5%' }],
    ['hosts: a\n  max_lost: 0', { maxLost: 0 }],
    ['hosts: a\n  max_lost: "{{ n }}"', { maxLost: '{{ n }}' }],
    ['hosts: a\n  forks: 10', { forks: 10 }],
    ['hosts: a\n  forks: "{{ f }}"', { forks: '{{ f }}' }],
    ['hosts: a\n  order: shuffle\n  strategy: host_pinned', { order: 'shuffle', strategy: 'host_pinned' }],
    ['hosts: a\n  gather_facts: no', {}],
    ['hosts: a\n  gather_facts: "no"', {}],
    ['hosts: a\n  vars: {a: 1, b: "{{ a }}"}', { vars: { a: 1, b: '{{ a }}' } }],
    ['hosts: a\n  vars:\n  environment:\n  tasks:\n  handlers:', { vars: {}, tasks: [], handlers: [] }],
  ])('%s', (keywords, expected) => {
    expect(playOf(`- ${keywords}\n`)).toMatchObject(expected);
  });

  it('vars_files come with their places', () => {
    const { varsFiles } = playOf('- hosts: a\n  vars_files:\n    - a.yml\n    - "{{ env }}.yml"\n');
    expect(varsFiles.map(({ path, place }) => [path, place.line, place.column])).toEqual([
      ['a.yml', 3, 7],
      ['{{ env }}.yml', 4, 7],
    ]);
  });
});

describe('keywords of a task', () => {
  it.each<[string, Partial<Task>]>([
    ['ping: , name: 5', { name: '5' }],
    ['ping: , name: "On {{ inventory_hostname }}"', { name: 'On {{ inventory_hostname }}' }],
    ['ping: , when: true', { when: [true] }],
    ['ping: , when: a == 1', { when: ['a == 1'] }],
    ['ping: , when: [a, b]', { when: ['a', 'b'] }],
    ['ping: , when: 1', { when: ['1'] }],
    ['ping: , when: "{{ a }}"', { when: ['{{ a }}'] }],
    ['ping: , until: x', { until: ['x'], retries: 3, delay: 5 }],
    ['ping: , retries: 7', { until: [], retries: 7 }],
    ['ping: , until: x, retries: "{{ n }}", delay: 0.5', { retries: '{{ n }}', delay: 0.5 }],
    ['ping: , failed_when: false', { failedWhen: [false] }],
    ['ping: , changed_when: [a, b]', { changedWhen: ['a', 'b'] }],
    ['ping: , become: "yes"', { become: true }],
    ['ping: , become: "0", become_user: 1000', { become: false, becomeUser: '1000' }],
    ['ping: , become: "{{ b }}"', { become: '{{ b }}' }],
    ['ping: , no_log: on', { noLog: true }],
    ['ping: , check_mode: off', { checkMode: false }],
    ['ping: , tags: "a, b"', { tags: ['a', 'b'] }],
    ['ping: , tags: [a, 5]', { tags: ['a', '5'] }],
    ['ping: , throttle: 2', { throttle: 2 }],
    ['ping: , timeout: "60"', { timeout: 60 }],
    ['ping: , timeout: 0', { timeout: 0 }],
    ['ping: , loop: [1, {a: b}]', { loop: [1, { a: 'b' }] }],
    ['ping: , loop: "{{ l }}"', { loop: '{{ l }}' }],
    ['ping: , notify: "{{ h }}"', { notify: ['{{ h }}'] }],
    ['ping: , delegate_to: other', { delegateTo: 'other' }],
    ['ping: , environment: {A: b}', { environment: [{ A: 'b' }] }],
    ['ping: , environment: [{A: b}, "{{ e }}"]', { environment: [{ A: 'b' }, '{{ e }}'] }],
    ['ping: , run_once: true, any_errors_fatal: true', { runOnce: true, anyErrorsFatal: true }],
    ['ping: , register: res, vars: {a: 1}', { register: 'res', vars: { a: 1 } }],
  ])('%s', (keywords, expected) => {
    expect(taskWith(keywords)).toMatchObject(expected);
  });
});

describe('parameters', () => {
  it.each<[string, Pick<Task, 'action' | 'params'>]>([
    ['command: uptime -p', { action: 'command', params: { cmd: 'uptime -p' } }],
    [
      'command: "ls creates=/a chdir=/tmp b=c"',
      { action: 'command', params: { cmd: 'ls b=c', creates: '/a', chdir: '/tmp' } },
    ],
    ['command: {argv: [a, b]}', { action: 'command', params: { argv: ['a', 'b'] } }],
    ['command: uptime, args: {chdir: /tmp}', { action: 'command', params: { cmd: 'uptime', chdir: '/tmp' } }],
    ['command: , args: {cmd: ls}', { action: 'command', params: { cmd: 'ls' } }],
    ['shell: "echo {{ a }} | wc"', { action: 'shell', params: { cmd: 'echo {{ a }} | wc' } }],
    ['ansible.builtin.stat: path=/etc/hosts', { action: 'stat', params: { path: '/etc/hosts' } }],
    ['ansible.legacy.debug: msg="a b"', { action: 'debug', params: { msg: 'a b' } }],
    [
      'copy: {src: a, dest: /b, mode: "{{ m }}", backup: "{{ b }}"}',
      { action: 'copy', params: { src: 'a', dest: '/b', mode: '{{ m }}', backup: '{{ b }}' } },
    ],
    ['assert: {that: [a == 1, true]}', { action: 'assert', params: { that: ['a == 1', true] } }],
    ['set_fact: {a: 1, b: [c]}', { action: 'set_fact', params: { a: 1, b: ['c'] } }],
    ['meta: flush_handlers', { action: 'meta', params: { action: 'flush_handlers' } }],
  ])('%s', (keywords, expected) => {
    expect(taskWith(keywords)).toMatchObject(expected);
  });
});

describe('what play and blocks say for a task', () => {
  const text = `- hosts: all
  tags: play
  vars: {a: play}
  environment: {A: play}
  become: true
  become_user: one
  ignore_errors: true
  timeout: 10
  handlers:
    - {name: h, ping: , listen: [l, m]}
    - {name: i, ping: }
  tasks:
    - when: outer
      tags: [outer, play]
      vars: {a: outer, b: outer}
      environment: [{A: outer}]
      delegate_to: other
      notify: h
      become_user: two
      block:
        - ping:
          when: inner
          tags: inner
          vars: {b: inner}
          environment: {A: inner}
          become: false
          ignore_errors: false
          timeout: 20
        - ping:
          notify: [i, l]
      rescue:
        - ping:
      always:
        - ping:
    - ping:
`;
  const tasks = tasksOf(playOf(text).tasks);
  const [first, second, , , last] = tasks;

  it('is merged as in Ansible 2.14', () => {
    expect(first).toMatchObject({
      when: ['outer', 'inner'],
      tags: ['play', 'outer', 'inner'],
      vars: { a: 'outer', b: 'inner' },
      environment: [{ A: 'play' }, { A: 'outer' }, { A: 'inner' }],
      delegateTo: 'other',
      notify: ['h'],
      become: false,
      becomeUser: 'two',
      ignoreErrors: false,
      timeout: 20,
    });
    expect(second).toMatchObject({
      when: ['outer'],
      notify: ['i', 'l'],
      become: true,
      ignoreErrors: true,
      timeout: 10,
    });
    expect(last).toMatchObject({ when: [], tags: ['play'], vars: {}, notify: [], become: true, becomeUser: 'one' });
    expect(last).not.toHaveProperty('delegateTo');
  });

  it('reaches handlers from the play', () => {
    expect(playOf(text).handlers[0]).toMatchObject({
      id: '1.handlers.1',
      tags: ['play'],
      listen: ['l', 'm'],
      becomeUser: 'one',
    });
  });

  it('leaves each its own address', () => {
    expect(tasks.map(({ id }) => id)).toEqual([
      '1.tasks.1.block.1',
      '1.tasks.1.block.2',
      '1.tasks.1.rescue.1',
      '1.tasks.1.always.1',
      '1.tasks.2',
    ]);
  });
});

it('numbers plays and sections', () => {
  const { plays } = good('- hosts: a\n- hosts: b\n  pre_tasks: [{ping: }]\n  post_tasks: [{ping: }, {ping: }]\n');
  expect(plays[1]?.number).toBe(2);
  expect(plays[1]?.preTasks[0]?.id).toBe('2.pre_tasks.1');
  expect(plays[1]?.postTasks[1]?.id).toBe('2.post_tasks.2');
});

it('follows anchors and merge keys', () => {
  const { plays } = good(`- hosts: all
  vars: &shared {a: 1}
  tasks:
    - &first {command: a, become: true}
    - <<: *first
      command: b
      vars: *shared
`);
  expect(plays[0]?.tasks[1]).toMatchObject({ params: { cmd: 'b' }, become: true, vars: { a: 1 } });
});
