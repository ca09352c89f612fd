import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlaybook } from '../../src/playbook/read.ts';
import type { Found } from '../../src/source/files.ts';
import { Mistakes } from '../../src/source/mistakes.ts';
import { oneFile, reading } from './reading.ts';

const bytes = (text: string): Found => ({ kind: 'file', bytes: new TextEncoder().encode(text) });
const LAUGHS = `- hosts: all
  vars:
    a: &a [x, x, x, x, x, x, x, x, x, x]
${'bcdefgh'
  .split('')
  .map(
    (name, index) => `    ${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefg'[index]}`).join(', ')}]`,
  )
  .join('\n')}
`;

describe('a file that nobody should have given', () => {
  it.each<[string, Found, string]>([
    ['is not there', { kind: 'absent' }, 'file-absent'],
    ['is a folder', { kind: 'directory', names: [] }, 'file-is-directory'],
    ['cannot be read', { kind: 'unreadable', why: 'permission denied' }, 'file-unreadable'],
    ['is empty', bytes(''), 'file-empty'],
    ['is blank', bytes(' \n\n'), 'file-empty'],
    ['holds comments only', bytes('# a\n# b\n'), 'file-empty'],
    ['is not UTF-8', { kind: 'file', bytes: Uint8Array.of(0x2d, 0x20, 0xff, 0xfe) }, 'file-not-utf8'],
    ['holds NUL', bytes('- hosts: "a\0b"\n'), 'file-not-text'],
    ['is 10 MB in one line', bytes(`- hosts: ${'a'.repeat(10_000_000)}\n`), 'file-too-large'],
    ['is 2 MB in one line', bytes(`- hosts: ${'a'.repeat(2_000_000)}\n`), 'line-too-long'],
    ['is opening brackets only', bytes(`- hosts: all\n  vars: {a: ${'['.repeat(400_000)}\n`), 'yaml-too-much'],
    ['is brackets only', bytes(`- ${'['.repeat(50_000)}${']'.repeat(50_000)}\n`), 'yaml-too-much'],
    ['is dashes only', bytes(`${'- '.repeat(50_000)}a\n`), 'yaml-too-much'],
    ['is braces only', bytes(`- ${'{a: '.repeat(50_000)}\n`), 'yaml-too-much'],
    ['is a billion laughs', bytes(LAUGHS), 'yaml-too-much'],
    ['holds itself', bytes('- hosts: all\n  vars: &v\n    a: *v\n'), 'yaml-too-much'],
    [
      'nests too deep',
      bytes(`- hosts: all\n  tasks: ${'[{block: '.repeat(200)}[]${'}]'.repeat(200)}\n`),
      'yaml-too-much',
    ],
    ['has a mistake in each line', bytes(`- hosts: all\n  tasks:\n${'  - a\n'.repeat(50_000)}`), 'not-a-task'],
    [
      'has a name in each line that cannot be one',
      bytes(`- hosts: all\n  vars:\n${Array.from({ length: 50_000 }, (_, i) => `    a-${i}: 1\n`).join('')}`),
      'not-an-identifier',
    ],
  ])('%s', (_, found, code) => {
    const mistakes = new Mistakes();
    const { playbook } = readPlaybook('site.yml', oneFile(found), mistakes);
    expect(playbook).toBeUndefined();
    expect(mistakes.all[0]?.code).toContain(code);
  });

  it('keeps names such as __proto__ as names', () => {
    expect(reading('- hosts: all\n  __proto__: 1\n  constructor: 1\n').mistakes.map(({ code }) => code)).toEqual([
      'unknown-keyword',
      'unknown-keyword',
    ]);
    expect(reading('- hosts: all\n  tasks: [{toString: 1}]\n').mistakes.map(({ code }) => code)).toEqual([
      'unknown-action',
    ]);
    const params = ['{__proto__: 1}', '{constructor: 1}', '__proto__=1 constructor=1'];
    for (const given of params) {
      const { mistakes } = reading(`- hosts: all\n  tasks:\n    - ping: ${given}\n`);
      expect(mistakes.map(({ message }) => message)).toEqual(
        given.match(/\w+(?=[:=])/g)?.map((name) => `ping: there is no parameter "${name}"`),
      );
    }
  });
});

const GOOD = `- name: roll
  hosts: "{{ target | default('all') }}"
  serial: [1, "20%"]
  max_fail_percentage: 10
  gather_facts: false
  vars: &vars {a: 1, b: "{{ a + 1 }}"}
  handlers:
    - {name: restart, service: name=x state=restarted}
  tasks:
    - name: one
      command: "uptime {{ a }} chdir=/tmp"
      register: res
      until: res.rc == 0
      retries: 2
      when: [a is defined, b]
      notify: restart
      loop: [1, 2]
    - window: {name: w}
      when: a
      block:
        - shell: |
            echo {{ a }}
          environment: {A: b}
      must_finish:
        - copy: {content: x, dest: /y, mode: "0644"}
    - block: [{assert: {that: [a, b == 2], quiet: yes}}]
      rescue: [{debug: {var: a}}]
      vars: *vars
`;
const TOKENS = GOOD.split(/(\s+|[:,{}[\]"|&*])/).filter((token) => token !== '');
const JUNK = [
  '',
  '{',
  '}',
  '[',
  ']',
  ':',
  '- ',
  '"',
  "'",
  '|',
  '&v',
  '*v',
  '<<:',
  '{{',
  '}}',
  '{%',
  '\n',
  '\t',
  '~',
  '!!x',
  '5',
  '-1',
  'true',
  '%',
  '\u0000',
  '\ud800',
  '__proto__',
  '1e999',
  '? ',
  '#',
  '@',
  '`',
];

describe('a good playbook with something wrong done to it', () => {
  it('is good before', () => {
    expect(reading(GOOD).mistakes).toEqual([]);
  });

  it('is read or refused, with places inside the file, and never throws', () => {
    const damage = fc.record({
      at: fc.nat(TOKENS.length - 1),
      by: fc.oneof(fc.constantFrom('delete', 'double', 'swap'), fc.constantFrom(...JUNK), fc.string()),
      with: fc.nat(TOKENS.length - 1),
    });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        const tokens = [...TOKENS];
        for (const { at, by, with: other } of damages) tokens[at] = damaged(tokens[at] ?? '', by, TOKENS[other] ?? '');
        const text = tokens.join('');
        const { playbook, mistakes } = reading(text);
        expect(playbook === undefined).toBe(mistakes.length > 0);
        const lines = text.split('\n').length;
        for (const { place, message } of mistakes) {
          expect(message).not.toBe('');
          if (place !== undefined) expect(place.line).toBeLessThanOrEqual(lines);
        }
      }),
      { numRuns: 400 },
    );
  });
});

function damaged(token: string, by: string, other: string): string {
  switch (by) {
    case 'delete':
      return '';
    case 'double':
      return token + token;
    case 'swap':
      return other;
    default:
      return by;
  }
}
