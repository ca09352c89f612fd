import { describe, expect, it } from 'vitest';
import { codesOf, reading } from './reading.ts';

type Expected = readonly (readonly [code: string, line: number, column: number])[];

/** Tasks of an otherwise good play; the first line of `tasks` is line 3 of the file, indented by two. */
const inTasks = (tasks: string) =>
  `- hosts: all\n  tasks:\n${tasks
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n`;

/** Keywords of an otherwise good play, from line 2 on, indented by two. */
const inPlay = (keywords: string) =>
  `- hosts: all\n${keywords
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n`;

describe('a file that is no playbook', () => {
  it.each<[string, string, Expected]>([
    ['a mapping', 'hosts: all\n', [['not-a-playbook', 1, 1]]],
    ['a text', 'hello\n', [['not-a-playbook', 1, 1]]],
    ['an empty list', '[]\n', [['not-a-playbook', 1, 1]]],
    ['a null', '~\n', [['not-a-playbook', 1, 1]]],
    [
      'a list of texts',
      '- one\n- two\n',
      [
        ['not-a-play', 1, 3],
        ['not-a-play', 2, 3],
      ],
    ],
    ['an empty item', '- hosts: all\n-\n', [['not-a-play', 2, 2]]],
    ['two documents', '- hosts: all\n---\n- hosts: all\n', [['yaml-two-documents', 2, 1]]],
    ['a key twice', '- hosts: all\n  hosts: web\n', [['yaml-duplicate-key', 2, 3]]],
    ['a vault', '- hosts: all\n  vars:\n    a: !vault x\n', [['yaml-tag-resolve-failed', 3, 8]]],
  ])('%s', (_, text, expected) => {
    expect(codesOf(text)).toEqual(expected);
  });
});

describe('a play with', () => {
  it.each<[string, string, Expected]>([
    ['no hosts', '- tasks: []\n', [['hosts-missing', 1, 3]]],
    ['nothing in it', '- {}\n', [['hosts-missing', 1, 3]]],
    ['hosts: nothing', '- hosts:\n', [['not-text', 1, 9]]],
    ['hosts: a number', '- hosts: 5\n', [['not-text', 1, 10]]],
    ['hosts: a blank', '- hosts: " "\n', [['not-text', 1, 10]]],
    ['hosts: an empty list', '- hosts: []\n', [['hosts-missing', 1, 10]]],
    ['hosts: a list with a number', '- hosts: [all, 5]\n', [['not-text', 1, 16]]],
    ['a broken template in hosts', '- hosts: "{{ a b }}"\n', [['expression-syntax', 1, 16]]],
    ['import_playbook', '- import_playbook: b.yml\n', [['unsupported-keyword', 1, 3]]],
    ['import_playbook by its long name', '- ansible.builtin.import_playbook: b.yml\n', [['unsupported-keyword', 1, 3]]],
    ['an unknown keyword', inPlay('straegy: linear'), [['unknown-keyword', 2, 3]]],
    ['roles', inPlay('roles: [a]'), [['unsupported-keyword', 2, 3]]],
    ['vars_prompt', inPlay('vars_prompt: []'), [['unsupported-keyword', 2, 3]]],
    ['remote_user', inPlay('remote_user: root'), [['unsupported-keyword', 2, 3]]],
    ['connection', inPlay('connection: local'), [['unsupported-keyword', 2, 3]]],
    ['a keyword of tasks', inPlay('when: true'), [['misplaced-keyword', 2, 3]]],
    ['gather_facts: true', inPlay('gather_facts: true'), [['gather-facts', 2, 17]]],
    ['gather_facts: a template', inPlay('gather_facts: "{{ x }}"'), [['gather-facts', 2, 17]]],
    ['strategy: free', inPlay('strategy: free'), [['unsupported-strategy', 2, 13]]],
    ['strategy: another', inPlay('strategy: debug'), [['not-one-of', 2, 13]]],
    ['order: a typo', inPlay('order: sortd'), [['not-one-of', 2, 10]]],
    ['serial: a word', inPlay('serial: abc'), [['not-a-number', 2, 11]]],
    [
      'serial: a fraction',
      inPlay('serial: [1, 1.9, "33.3%"]'),
      [
        ['not-a-number', 2, 15],
        ['not-a-number', 2, 20],
      ],
    ],
    ['serial: negative', inPlay('serial: -1'), [['not-a-number', 2, 11]]],
    ['serial: nothing', inPlay('serial:'), [['not-a-number', 2, 10]]],
    ['forks: 0', inPlay('forks: 0'), [['not-a-number', 2, 10]]],
    ['max_fail_percentage: above 100', inPlay('max_fail_percentage: 101'), [['not-a-number', 2, 24]]],
    ['max_fail_percentage: a list', inPlay('max_fail_percentage: [1]'), [['not-a-number', 2, 24]]],
    ['max_failures: negative', inPlay('max_failures: -1'), [['not-a-number', 2, 17]]],
    ['max_failures: a fraction', inPlay('max_failures: 1.5'), [['not-a-number', 2, 17]]],
    ['timeout: a fraction', inPlay('timeout: 1.5'), [['not-a-number', 2, 12]]],
    ['timeout: too long for a clock', inPlay('timeout: 99999999999999999999'), [['not-a-number', 2, 12]]],
    ['tasks: a mapping', inPlay('tasks: {ping: }'), [['not-a-list', 2, 10]]],
    ['vars: a list', inPlay('vars: [a]'), [['not-a-mapping', 2, 9]]],
    [
      'vars: no identifier',
      inPlay('vars: {a-b: 1, 5x: 1}'),
      [
        ['not-an-identifier', 2, 10],
        ['not-an-identifier', 2, 18],
      ],
    ],
    ['vars: a word of expressions', inPlay('vars: {not: 1}'), [['not-an-identifier', 2, 10]]],
    ['vars: a magic name', inPlay('vars: {groups: 1}'), [['reserved-name', 2, 10]]],
    ['vars: a broken template deep inside', inPlay('vars: {a: [{b: "x {{ y"}]}'), [['template-unclosed', 2, 21]]],
    ['environment: a text', inPlay('environment: PATH'), [['not-a-mapping', 2, 16]]],
    ['environment: a name no shell has', inPlay('environment: {a.b: c}'), [['not-an-environment-name', 2, 17]]],
    ['tags: a template', inPlay('tags: "{{ t }}"'), [['template-not-allowed', 2, 9]]],
    ['tags: a mapping', inPlay('tags: {a: b}'), [['not-text', 2, 9]]],
    ['vars_files: first found', inPlay('vars_files: [[a, b]]'), [['unsupported-value', 2, 16]]],
    ['name: a list', inPlay('name: [a]'), [['not-text', 2, 9]]],
    ['become: perhaps', inPlay('become: perhaps'), [['not-a-boolean', 2, 11]]],
  ])('%s', (_, text, expected) => {
    expect(codesOf(text)).toEqual(expected);
  });
});

describe('a task with', () => {
  it.each<[string, string, Expected]>([
    ['no mapping', '- just text', [['not-a-task', 3, 5]]],
    ['nothing', '-', [['not-a-task', 3, 4]]],
    ['no action', '- name: a', [['no-action', 3, 5]]],
    [
      'no action and keywords of other levels',
      '- serial: 1',
      [
        ['misplaced-keyword', 3, 5],
        ['no-action', 3, 5],
      ],
    ],
    ['two actions', '- command: a\n  shell: b', [['two-actions', 4, 5]]],
    ['an action nobody knows', '- comand: a', [['unknown-action', 3, 5]]],
    ['an action of a collection', '- community.general.ufw: {}', [['unknown-action', 3, 5]]],
    ['template', '- template: {src: a, dest: b}', [['unsupported-action', 3, 5]]],
    ['uri', '- ansible.builtin.uri: {url: a}', [['unsupported-action', 3, 5]]],
    ['include_tasks', '- include_tasks: a.yml', [['unsupported-action', 3, 5]]],
    ['import_tasks', '- import_tasks: a.yml', [['unsupported-action', 3, 5]]],
    ['include_role', '- include_role: {name: a}', [['unsupported-action', 3, 5]]],
    ['action:', '- action: command ls', [['unsupported-keyword', 3, 5]]],
    ['local_action:', '- local_action: command ls', [['unsupported-keyword', 3, 5]]],
    ['with_items', '- command: a\n  with_items: [1]', [['unsupported-keyword', 4, 5]]],
    ['with_dict', '- command: a\n  with_dict: {}', [['unsupported-keyword', 4, 5]]],
    ['loop_control', '- command: a\n  loop: [1]\n  loop_control: {}', [['unsupported-keyword', 5, 5]]],
    [
      'async and poll',
      '- command: a\n  async: 5\n  poll: 0',
      [
        ['unsupported-keyword', 4, 5],
        ['unsupported-keyword', 5, 5],
      ],
    ],
    ['a misspelt keyword', '- command: a\n  regsiter: x', [['unknown-keyword', 4, 5]]],
    ['listen outside of handlers', '- command: a\n  listen: x', [['misplaced-keyword', 4, 5]]],
    ['a number for an action', '- command: 5', [['not-parameters', 3, 14]]],
    ['a list for an action', '- command: [ls]', [['not-parameters', 3, 14]]],
    ['an unknown parameter', '- copy: {src: a, dest: /b, mdoe: 1}', [['unknown-parameter', 3, 30]]],
    [
      'two unknown parameters',
      '- ping: {a: 1, b: 1}',
      [
        ['unknown-parameter', 3, 12],
        ['unknown-parameter', 3, 18],
      ],
    ],
    ['a parameter missing', '- copy: {src: a}', [['parameter-missing', 3, 5]]],
    ['a parameter of a wrong kind', '- copy: {src: a, dest: /b, backup: maybe}', [['parameter', 3, 38]]],
    [
      'a parameter in args of a wrong kind',
      '- command: a\n  args:\n    strip_empty_ends: maybe',
      [['parameter', 5, 25]],
    ],
    ['args: a text', '- command: a\n  args: "{{ x }}"', [['not-a-mapping', 4, 11]]],
    ['a parameter in both places', '- copy: {src: a, dest: /b}\n  args: {src: c}', [['parameter-twice', 4, 12]]],
    ['text where key=value is wanted', '- stat: path=/a foo', [['free-form', 3, 11]]],
    ['a quote that is not closed', '- shell: echo "a', [['free-form', 3, 12]]],
    ['a broken template', '- command: echo {{ a | }}', [['expression-syntax', 3, 26]]],
    [
      'a broken template in a block of text',
      '- shell: |\n    true\n    echo {{ a b }}',
      [['expression-syntax', 5, 17]],
    ],
    ['an unknown filter', '- debug: {msg: "{{ a | lowr }}"}', [['unknown-filter', 3, 26]]],
    ['a broken when', '- ping:\n  when: a ==', [['expression-syntax', 4, 15]]],
    ['one broken when of two', '- ping:\n  when:\n    - a\n    - a | nope', [['unknown-filter', 6, 13]]],
    ['an empty when', '- ping:\n  when: ""', [['not-a-condition', 4, 11]]],
    ['when: nothing', '- ping:\n  when:', [['not-a-condition', 4, 10]]],
    ['when: a mapping', '- ping:\n  when: {a: b}', [['not-a-condition', 4, 11]]],
    ['a broken until', '- command: a\n  until: (', [['expression-syntax', 4, 12]]],
    ['a broken expression in a parameter', '- assert: {that: ["a ==", b]}', [['expression-syntax', 3, 26]]],
    ['loop: a text', '- command: a\n  loop: abc', [['not-a-list', 4, 11]]],
    ['loop: a mapping', '- command: a\n  loop: {a: b}', [['not-a-list', 4, 11]]],
    ['register: no identifier', '- command: a\n  register: a-b', [['not-an-identifier', 4, 15]]],
    ['register: a template', '- command: a\n  register: "{{ x }}"', [['template-not-allowed', 4, 15]]],
    ['register: a magic name', '- command: a\n  register: hostvars', [['reserved-name', 4, 15]]],
    ['set_fact of a magic name', '- set_fact: {inventory_hostname: a}', [['reserved-name', 3, 16]]],
    ['retries: negative', '- command: a\n  retries: -1', [['not-a-number', 4, 14]]],
    ['delay: a word', '- command: a\n  delay: soon', [['not-a-number', 4, 12]]],
    ['notify of nobody', '- command: a\n  notify: [nobody]', [['unknown-handler', 4, 14]]],
    ['delegate_to: a list', '- command: a\n  delegate_to: [a]', [['not-text', 4, 18]]],
  ])('%s', (_, tasks, expected) => {
    expect(codesOf(inTasks(tasks))).toEqual(expected);
  });
});

describe('a block with', () => {
  it.each<[string, string, Expected]>([
    ['no block', '- rescue: []', [['block-missing', 3, 5]]],
    ['register', '- block: []\n  register: x', [['misplaced-keyword', 4, 5]]],
    ['an action', '- block: []\n  command: x', [['unknown-keyword', 4, 5]]],
    ['must_finish and no window', '- block: []\n  must_finish: []', [['must-finish-without-window', 4, 5]]],
    ['a window without a name', '- block: []\n  window: {}', [['not-a-window', 4, 13]]],
    ['a window of nothing', '- block: []\n  window:', [['not-text', 4, 12]]],
    ['a window of more', '- block: []\n  window: {name: a, until: 900}', [['unsupported-keyword', 4, 23]]],
    [
      'a window with a length and no reserve',
      '- block: []\n  window: {name: a, length: 900}',
      [['not-a-window', 4, 23]],
    ],
    [
      'a window with a reserve and no length',
      '- block: []\n  window: {name: a, reserve: 9}',
      [['not-a-window', 4, 23]],
    ],
    [
      'a window with a length that is none',
      '- block: []\n  window: {name: a, length: long, reserve: 1m, guard: x}\n  must_finish: [{ping: }]',
      [['not-a-duration', 4, 31]],
    ],
    [
      'a window with no guard and no reason',
      '- block: []\n  window: {name: a, length: 15m, reserve: 1m, guard: none}\n  must_finish: [{ping: }]',
      [['not-a-guard', 4, 56]],
    ],
    [
      'a window with a deadline and nothing that must finish',
      '- block: []\n  window: {name: a, length: 15m, reserve: 1m, guard: x}',
      [['not-a-window', 3, 5]],
    ],
    [
      'a window whose name is none for a file',
      '- block: []\n  window: {name: a b, length: 15m, reserve: 1m, guard: x}\n  must_finish: [{ping: }]',
      [['not-a-window', 4, 20]],
    ],
    ['a window and no block', '- window: a', [['block-missing', 3, 5]]],
    [
      'mistakes deep inside',
      '- block:\n    - block:\n        - always:\n            - oops',
      [
        ['block-missing', 5, 13],
        ['not-a-task', 6, 17],
      ],
    ],
  ])('%s', (_, tasks, expected) => {
    expect(codesOf(inTasks(tasks))).toEqual(expected);
  });
});

describe('handlers with', () => {
  it.each<[string, string, Expected]>([
    ['a block', '- block: []', [['handler-block', 3, 5]]],
    ['no name', '- command: a', [['handler-without-name', 3, 5]]],
    ['one name twice', '- {name: a, ping: }\n- {name: a, ping: }', [['handler-twice', 4, 12]]],
    ['a template for a name', '- name: "{{ x }}"\n  ping:', [['template-not-allowed', 3, 11]]],
    ['flush_handlers', '- name: a\n  meta: flush_handlers', [['handler-flushes', 3, 5]]],
    ['notify of nobody', '- name: a\n  ping:\n  notify: b', [['unknown-handler', 5, 13]]],
  ])('%s', (_, handlers, expected) => {
    expect(codesOf(inTasks(handlers).replace('tasks', 'handlers'))).toEqual(expected);
  });
});

describe('run_once under host_pinned', () => {
  it.each([
    'tasks: [{ping: , run_once: true}]',
    'tasks: [{ping: , run_once: "{{ x }}"}]',
    'tasks: [{block: [{ping: }], run_once: true}]',
    'tasks: [{ping: }]\n  run_once: true',
  ])('%s', (keywords) => {
    expect(codesOf(`- hosts: all\n  strategy: host_pinned\n  ${keywords}\n`).map(([code]) => code)).toEqual([
      'run-once-host-pinned',
    ]);
  });
});

describe('the message', () => {
  it.each([
    ['suggests a keyword', inTasks('- command: a\n  regsiter: x'), 'did you mean "register"?'],
    ['suggests an action', inTasks('- comand: a'), 'did you mean "command"?'],
    ['suggests a parameter', inTasks('- copy: {src: a, dset: b, dest: c}'), 'did you mean "dest"?'],
    [
      'suggests a handler',
      `${inTasks('- ping:\n  notify: restrat')}  handlers: [{name: restart, ping: }]\n`,
      '"restart"?',
    ],
    ['names both actions', inTasks('- command: a\n  shell: b'), '"command" and "shell"'],
    ['says what with_items becomes', inTasks('- command: a\n  with_items: [1]'), 'write `loop:`'],
    ['says what there is instead of facts', inPlay('gather_facts: true'), 'stat'],
    ['says where a keyword goes', inPlay('register: x'), 'it goes on tasks'],
  ])('%s', (_, text, part) => {
    expect(
      reading(text)
        .mistakes.map(({ message }) => message)
        .join('\n'),
    ).toContain(part);
  });
});

it('gives all mistakes at once, from the top of the file to its end', () => {
  const text = `- hosts: all
  serial: abc
  tasks:
    - comand: a
    - ping:
      notify: nobody
      become: perhaps
  handlers:
    - ping:
- hosts: 7
`;
  expect(codesOf(text)).toEqual([
    ['not-a-number', 2, 11],
    ['unknown-action', 4, 7],
    ['unknown-handler', 6, 15],
    ['not-a-boolean', 7, 15],
    ['handler-without-name', 9, 7],
    ['not-text', 10, 10],
  ]);
});
