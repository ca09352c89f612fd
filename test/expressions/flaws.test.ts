import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createExpressions,
  expressionFlaws,
  isTemplate,
  namesIn,
  templateFlaws,
} from '../../src/expressions/expressions.ts';
import { scopeOf } from './scopes.ts';

const codes = (flaws: readonly { readonly code: string; readonly offset: number }[]) =>
  flaws.map(({ code, offset }) => [code, offset]);

describe('flaws in a template', () => {
  it.each([
    ['no template at all }}', []],
    ['{{ a | upper }}', []],
    ['{{ a.b', [['template-unclosed', 0]]],
    ['x {{ a', [['template-unclosed', 2]]],
    ["{{ 'a }}", [['expression-syntax', 3]]],
    ['{{ a | regex_serch("x") }}', [['unknown-filter', 7]]],
    [
      '{{ a | nosuch | another }} {{ b is what }}',
      [
        ['unknown-filter', 7],
        ['unknown-filter', 16],
        ['unknown-test', 35],
      ],
    ],
    ["{{ a | map('nosuch') | list }}", [['unknown-filter', 11]]],
    ["{{ a | selectattr('x', 'nosuch') | list }}", [['unknown-test', 23]]],
    ["{{ lookup('file', 'x') }}", [['refused-function', 3]]],
    ['{{ now() }}', [['refused-function', 3]]],
    ['{{ strftime(1) }}', [['unknown-function', 3]]],
    ['{% if a %}x', [['template-unclosed', 0]]],
    ['x{% endif %}', [['template-nesting', 1]]],
    ['{% for x in y %}{% else %}{% endif %}', [['template-nesting', 26]]],
    ["{% include 'x' %}", [['template-tag', 3]]],
    ['{% iff a %}', [['template-tag', 3]]],
    ['{# never closed', [['template-unclosed', 0]]],
    ['{% raw %}{{ x }}', [['template-unclosed', 0]]],
    ['{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1) }}', []],
    ['{{ [x for x in y] }}', [['expression-syntax', 6]]],
    ['{{ a | community.general.json_query("x") }}', [['expression-syntax', 7]]],
    ['{{ a | ansible.builtin.bool }}', []],
    ['{{ 12345678901234567890 }}', [['expression-number', 3]]],
  ])('%s', (text, expected) => expect(codes(templateFlaws(text))).toEqual(expected));
});

describe('flaws in an expression', () => {
  it.each([
    ['a == 1 and b is defined', []],
    ['{{ a == 1 }}', []],
    ['{{ a | nosuch }}', [['unknown-filter', 7]]],
    ['{{ a }} == 1', [['expression-template', 0]]],
    ['a == {{ b }}', [['expression-template', 5]]],
    ['a == "{{ b }}"', [['expression-template', 5]]],
    ['"{{" in a', []],
    ['a &&  b', [['expression-syntax', 2]]],
    ['a = 1', [['expression-syntax', 2]]],
    ['a ==', [['expression-syntax', 4]]],
    ['(a', [['expression-syntax', 0]]],
    ['a)', [['expression-syntax', 1]]],
    ['a b', [['expression-syntax', 2]]],
    ['r is sucess', [['unknown-test', 5]]],
    ['', [['expression-syntax', 0]]],
  ])('%s', (text, expected) => expect(codes(expressionFlaws(text))).toEqual(expected));

  it('suggests what was meant', () => {
    expect(expressionFlaws('a | regex_serch("x")')[0]?.message).toContain('did you mean "regex_search"?');
    expect(expressionFlaws('a = 1')[0]?.message).toBe('"=" assigns; to compare write "=="');
  });
});

describe('anything at all', () => {
  const pieces = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    ' ',
    '-',
    '|',
    '(',
    ')',
    '[',
    ']',
    'a',
    'if',
    'for',
    'in',
    'is',
    'not',
    '"',
    "'",
    '\\',
    '.',
    ',',
    '1',
    'endif',
    'set',
    '=',
    '*',
    'length',
    '\n',
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 14 }).map((all) => all.join('')),
  );
  const expressions = createExpressions();
  const scope = scopeOf({ a: 'x' });

  it('is read without a crash, and flaws lie within it', () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const flaw of [...templateFlaws(text), ...expressionFlaws(text)]) {
          expect(flaw.offset).toBeGreaterThanOrEqual(0);
          expect(flaw.offset).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is rendered without a crash; what has no flaw is not stumbled over as syntax', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const rendered = expressions.template(text, scope);
        expressions.evaluate(text, scope);
        if (templateFlaws(text).length === 0 && !rendered.ok) expect(rendered.reason).not.toMatch(/syntax/i);
      }),
      { numRuns: 500 },
    );
  });

  it('nested beyond reason is refused', () => {
    const deep = `${'('.repeat(50_000)}1${')'.repeat(50_000)}`;
    expect(codes(expressionFlaws(deep))).toEqual([['expression-syntax', 0]]);
    expect(expressions.evaluate(deep, scope).ok).toBe(false);
  });
});

describe('names', () => {
  it.each([
    ['template', 'plain', []],
    ['template', '{{ a.b }} {{ c["d"] | default(e) }}', ['a', 'c', 'e']],
    ['template', '{% for i in hosts %}{{ i }}{{ hostvars[i] }}{% endfor %}', ['hosts', 'i', 'hostvars']],
    ['expression', 'a.b == 1 and c is version(d, ">=")', ['a', 'c', 'd']],
    ['expression', '{{ a }}', ['a']],
    ['expression', 'range(a)', ['a']],
    ['expression', 'a ==', []],
  ] as const)('%s %s', (kind, text, expected) => expect([...namesIn(text, kind)].sort()).toEqual([...expected].sort()));

  it.each([
    ['{{ a }}', true],
    ['{% a %}', true],
    ['{# a #}', true],
    ['{ a }', false],
    ['}}', false],
  ])('isTemplate %s', (text, expected) => expect(isTemplate(text)).toBe(expected));
});
