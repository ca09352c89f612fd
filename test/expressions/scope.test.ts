import { describe, expect, it } from 'vitest';
import { createExpressions } from '../../src/expressions/expressions.ts';
import type { Scope, Variable } from '../../src/expressions/scope.ts';
import { cameTo, lazy, reasonOf, scopeOf } from './scopes.ts';

const expressions = createExpressions();

describe('looking variables up', () => {
  it('asks only for what an expression comes to', () => {
    const asked: string[] = [];
    const scope: Scope = (name) => {
      asked.push(name);
      return { kind: 'written', value: name === 'a' ? '{{ b }}' : 1 };
    };
    expect(cameTo(expressions.evaluate('a == 1 or c', scope))).toBe(true);
    expect(asked).toEqual(['a', 'b']);
  });

  it('renders only the part of a variable that is used', () => {
    const scope = scopeOf({ paths: { base: '/opt', log: '{{ paths.base }}/log', broken: '{{ nowhere }}' } });
    expect(cameTo(expressions.template('{{ paths.log }}', scope))).toBe('/opt/log');
    expect(reasonOf(expressions.template('{{ paths }}', scope))).toBe('"nowhere" is not defined');
  });

  it.each([
    [{ a: '{{ a }}' }, 'a → a'],
    [{ a: '{{ b }}', b: 'x{{ c.d }}', c: { d: '{{ a }}' } }, 'a → b → c.d → a'],
    [{ a: '{% if a %}{% endif %}' }, 'a → a'],
    [{ a: '{{ (b | sort)[0] }}', b: ['{{ a }}'] }, 'a → b → a'],
  ])('names a circle: %j', (written, circle) => {
    expect(reasonOf(expressions.template('{{ a }}', scopeOf(written)))).toContain(`in a circle: ${circle}`);
  });
});

describe('what is undefined', () => {
  const scope = scopeOf(
    { executor: 'x', chain: '{{ nowhere }}' },
    { r: { stdout: '', stderr: '' }, skipped: { skipped: true, changed: false }, list: [1] },
  );
  it.each([
    ['excutor == 1', '"excutor" is not defined; did you mean "executor"?'],
    ['r.stdot == ""', 'r has no "stdot"; did you mean "stdout"?'],
    ['skipped.rc == 0', 'skipped has no "rc", because that step was skipped; ask "skipped is skipped" first'],
    ['(skipped.rc + 1) > 0', 'skipped has no "rc", because that step was skipped; ask "skipped is skipped" first'],
    ['list[3] == 1', 'list has no item 3; it has 1'],
    ['executor.x', 'executor is a text, which has no "x"'],
    ['chain', '"nowhere" is not defined'],
    ['nowhere | upper', '"nowhere" is not defined'],
    ['nowhere | sort | length > 0', '"nowhere" is not defined'],
    ['not (nowhere + 1)', '"nowhere" is not defined'],
    ['nowhere is even', '"nowhere" is not defined'],
    ['[nowhere, 1 + 1]', '"nowhere" is not defined'],
    ['executor | replace(nowhere, "x")', '"nowhere" is not defined'],
    ['1 if nowhere else 2 + 2', '"nowhere" is not defined'],
    ['nowhere | mandatory("say where")', 'say where'],
    ['list[1 + 2]', 'list has no item 3; it has 1'],
  ])('%s: %s', (expression, reason) => {
    expect(expressions.evaluate(expression, scope)).toEqual({ ok: false, kind: 'undefined', reason });
  });

  it.each([
    ['nowhere is defined and nowhere | sort', false],
    ['nowhere is not defined or (nowhere | upper) == "X"', true],
    ['nowhere.a.b is undefined', true],
    ['(list | first) if true else (nowhere | upper)', 1],
    ['list[1 + 2] | default("none")', 'none'],
    ['list[1 + 2] is defined', false],
    ['chain | default("d")', 'd'],
  ])('%s is %j', (expression, expected) => expect(cameTo(expressions.evaluate(expression, scope))).toBe(expected));

  it.each([
    '{% for x in nowhere %}{% endfor %}',
    '{% if nowhere %}{% endif %}',
    '{% set x = nowhere %}{{ x }}',
    '{% if executor %}{{ nowhere }}{% endif %}',
  ])('%s fails', (template) =>
    expect(reasonOf(expressions.template(template, scope))).toBe('"nowhere" is not defined'),
  );
});

describe('conditions', () => {
  it('stop at the first that does not hold', () => {
    expect(expressions.holds([true, '1 == 2', 'nowhere'], scopeOf({}))).toEqual({ ok: true, value: false });
    expect(expressions.holds([], scopeOf({}))).toEqual({ ok: true, value: true });
    expect(expressions.holds([true, ''], scopeOf({}))).toEqual({ ok: true, value: true });
    expect(expressions.holds([false, 'nowhere'], scopeOf({}))).toEqual({ ok: true, value: false });
  });
});

describe('hostvars', () => {
  const asked: string[] = [];
  const onHost = (said: string): Variable =>
    lazy({
      said: { kind: 'final', value: said },
      greeting: { kind: 'written', value: 'hi {{ said }}' },
      circle: { kind: 'written', value: '{{ circle }}' },
      broken: { kind: 'written', value: '{{ nowhere }}' },
    });
  const hosts = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`web${index}`, onHost(`I am ${index}`)]));
  const hostvars = lazy(hosts, asked);
  const own = scopeOf({ said: 'mine', which: 'web7', some: ['web1', 'web2'] });
  const scope: Scope = (name) => (name === 'hostvars' ? hostvars : own(name));

  it.each([
    ["{{ hostvars['web7'].greeting }}", 'hi I am 7', ['web7']],
    ['{{ hostvars.web7.greeting }}', 'hi I am 7', ['web7']],
    ['{{ hostvars[which].greeting }}', 'hi I am 7', ['web7']],
    ["{{ hostvars['web' ~ 7]['greeting'] }}", 'hi I am 7', ['web7']],
    ['{% for h in some %}{{ hostvars[h].greeting }};{% endfor %}', 'hi I am 1;hi I am 2;', ['web1', 'web2']],
    ["{{ hostvars['web700'].greeting | default('-') }}", '-', ['web700']],
    ["{{ hostvars['web' ~ 700].greeting is defined }}", false, ['web700']],
  ])('%s asks one host for one variable, with what that host has', (template, expected, hostsAsked) => {
    asked.length = 0;
    expect(cameTo(expressions.template(template, scope))).toBe(expected);
    expect(asked).toEqual(hostsAsked);
  });

  it('is a dictionary like any other where it is used as a whole', () => {
    expect(cameTo(expressions.evaluate('hostvars | length', scope))).toBe(600);
    expect(cameTo(expressions.template('{{ hostvars.web3 }}', scope))).toEqual({
      said: 'I am 3',
      greeting: 'hi I am 3',
    });
  });

  it('says what is wrong with another host', () => {
    expect(reasonOf(expressions.evaluate('hostvars.web3.circle', scope))).toContain('in a circle');
    expect(reasonOf(expressions.evaluate('hostvars.web3.broken', scope))).toBe('"nowhere" is not defined');
    expect(reasonOf(expressions.evaluate('hostvars.web3.sad', scope))).toContain('did you mean "said"');
  });
});

describe('what would never end', () => {
  it.each([
    '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}',
    '{{ range(10 ** 9) | list }}',
    "{{ 'a' * 1000000000 }}",
    '{{ 9 ** 999 }}',
    '{{ 1 / 0 }}',
  ])('%s fails, and the next one is right again', (template) => {
    expect(expressions.template(template, scopeOf({}))).toMatchObject({ ok: false, kind: 'error' });
    expect(cameTo(expressions.evaluate('[2, 1] | sort', scopeOf({})))).toEqual([1, 2]);
  });
});

describe('text', () => {
  it.each([
    ['port {{ n }}', 'port 8080'],
    ['{{ n }}', '8080'],
    ['{{ none }}', ''],
    ['{{ [true, none, "it\'s"] }}', '[True, None, "it\'s"]'],
    ['plain', 'plain'],
  ])('%s is %s', (template, expected) => {
    expect(expressions.text(template, scopeOf({ n: 8080 }))).toEqual({ ok: true, value: expected });
  });
});

describe('numbers', () => {
  it.each(['"9007199254740993" | int', '9007199254740991 * 3', '"1" | from_json + 9007199254740991 + 1'])(
    '%s is refused rather than changed',
    (expression) => expect(expressions.evaluate(expression, scopeOf({}))).toMatchObject({ ok: false, kind: 'error' }),
  );
});
