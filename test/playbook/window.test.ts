import { describe, expect, it } from 'vitest';
import { codesOf, good, reading } from './reading.ts';

interface Written {
  readonly play?: string;
  readonly window?: string;
  readonly first?: string;
  readonly second?: string;
}

/** A play with one window of two halves, in flow style. */
function windowWith({ play = '', window = '', first = '', second = '' }: Written): string {
  return `- {hosts: all, ${play} tasks: [
  {window: w, ${window} block: [
    {command: shut, ${first}}], must_finish: [
    {command: restart, ${second}}]}], handlers: [{name: h, ping: }]}
`;
}

const LINES = { play: 1, window: 2, first: 3, second: 4 } as const;

describe('a window', () => {
  it.each(['window: w', 'window: {name: w}'])('is written %s', (window) => {
    const { plays } = good(
      `- hosts: all\n  tasks:\n  - ${window}\n    block: [{ping: }]\n    must_finish: [{ping: }]\n`,
    );
    expect(plays[0]?.tasks[0]).toMatchObject({
      kind: 'block',
      id: '1.tasks.1',
      window: { name: 'w' },
      block: [{ id: '1.tasks.1.block.1' }],
      mustFinish: [{ id: '1.tasks.1.must_finish.1' }],
    });
  });

  it('needs no must_finish: it is not interrupted', () => {
    expect(codesOf('- hosts: all\n  tasks: [{window: w, block: [{ping: }]}]\n')).toEqual([]);
  });
});

describe('is refused, since it could drop, hide or delay the second half:', () => {
  it.each<[keyof Written, string]>([
    ['first', 'tags: x'],
    ['second', 'tags: x'],
    ['play', 'throttle: 2'],
    ['window', 'throttle: 2'],
    ['first', 'throttle: 2'],
    ['second', 'throttle: "{{ t }}"'],
    ['play', 'run_once: true'],
    ['window', 'run_once: true'],
    ['first', 'run_once: true'],
    ['second', 'run_once: "{{ r }}"'],
    ['window', 'delegate_to: localhost'],
    ['first', 'delegate_to: localhost'],
    ['second', 'delegate_to: localhost'],
    ['window', 'notify: h'],
    ['first', 'notify: h'],
    ['second', 'notify: h'],
    ['first', 'any_errors_fatal: true'],
    ['second', 'any_errors_fatal: true'],
    ['play', 'check_mode: "{{ c }}"'],
    ['window', 'check_mode: "{{ c }}"'],
    ['first', 'check_mode: true'],
    ['second', 'check_mode: false'],
    ['play', 'ignore_errors: true'],
    ['window', 'ignore_errors: true'],
    ['second', 'ignore_errors: "{{ i }}"'],
    ['play', 'ignore_unreachable: true'],
    ['window', 'ignore_unreachable: true'],
    ['second', 'ignore_unreachable: true'],
    ['second', 'when: x'],
    ['second', 'failed_when: false'],
    ['second', 'loop: []'],
    ['second', 'loop: "{{ l }}"'],
    ['window', 'rescue: [{ping: }]'],
    ['window', 'always: []'],
  ])('%s: %s', (where, keyword) => {
    const found = codesOf(windowWith({ [where]: `${keyword},` }));
    expect(found.map(([code, line]) => [code, line])).toEqual([['window-split', where === 'play' ? 2 : LINES[where]]]);
  });

  it.each([
    ['a window', '{window: v, block: [{ping: }]}'],
    ['pause', '{pause: {seconds: 1}}'],
    ['meta', '{meta: end_host}'],
    ['flush_handlers', '{meta: flush_handlers}'],
    ['something of these, however deep', '{block: [{block: [{ping: , tags: x}]}]}'],
  ])('in either half: %s', (_, item) => {
    const inFirst = `- hosts: all\n  tasks: [{window: w, block: [${item}]}]\n`;
    const inSecond = `- hosts: all\n  tasks: [{window: w, block: [{ping: }], must_finish: [${item}]}]\n`;
    expect(codesOf(inFirst).map(([code]) => code)).toEqual(['window-split']);
    expect(codesOf(inSecond).map(([code]) => code)).toEqual(['window-split']);
  });

  it.each([
    ['rescue', '{block: [{ping: }], rescue: [{ping: }]}'],
    ['when on a block', '{block: [{ping: }], when: x}'],
    ['when on a block of a block', '{block: [{block: [{ping: , when: x}]}]}'],
  ])('in must_finish: %s', (_, item) => {
    const text = `- hosts: all\n  tasks: [{window: w, block: [{ping: }], must_finish: [${item}]}]\n`;
    expect(codesOf(text).map(([code]) => code)).toEqual(['window-split']);
  });

  it.each<[string, Written]>([
    ['what a task registers', { window: 'when: res.rc == 0,', first: 'register: res,' }],
    [
      'a variable that says what a task registers',
      { play: 'vars: {go: "{{ res.rc }}"},', window: 'when: go,', first: 'register: res,' },
    ],
    [
      'a variable that a task has its own of',
      { play: 'vars: {go: true},', window: 'when: go,', second: 'vars: {go: false},' },
    ],
  ])('a when of the window on %s', (_, written) => {
    const found = reading(windowWith(written)).mistakes;
    expect(found.map(({ code, place }) => [code, place?.line])).toEqual([['window-split', 2]]);
  });

  it('a when of an outer block on a fact that the window sets', () => {
    const text = `- hosts: all
  tasks:
    - when: go
      block:
        - window: w
          block: [{set_fact: {go: false}}]
          must_finish: [{ping: }]
`;
    expect(codesOf(text)).toEqual([['window-split', 5, 11]]);
  });
});

describe('takes nothing away from a window, and is let be:', () => {
  it.each<[keyof Written, string]>([
    ['window', 'tags: [a, b]'],
    ['window', 'when: before.rc == 0'],
    ['window', 'check_mode: false'],
    ['play', 'any_errors_fatal: true'],
    ['first', 'when: x'],
    ['first', 'ignore_errors: true'],
    ['first', 'register: res'],
    ['first', 'loop: "{{ l }}"'],
    ['second', 'loop: [a, b]'],
    ['second', 'until: res.rc == 0, register: res, retries: 5'],
    ['second', 'failed_when: res.rc > 1, register: res'],
    ['second', 'become: true'],
    ['second', 'timeout: 90'],
    ['second', 'run_once: false'],
    ['second', 'throttle: 0'],
  ])('%s: %s', (where, keyword) => {
    expect(codesOf(windowWith({ [where]: `${keyword},` }))).toEqual([]);
  });

  it('rescue in its first half, and meta: noop', () => {
    const text = '- hosts: all\n  tasks: [{window: w, block: [{block: [{ping: }], rescue: [{meta: noop}]}]}]\n';
    expect(codesOf(text)).toEqual([]);
  });
});
