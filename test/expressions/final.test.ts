import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExpressions, OMIT } from '../../src/expressions/expressions.ts';
import type { Value } from '../../src/source/value.ts';
import { cameTo, lazy, reasonOf, scopeOf } from './scopes.ts';

const expressions = createExpressions();

/** Texts as a hostile host would print them. */
const hostile = fc.oneof(
  fc.constantFrom(
    '{{ secret }}',
    '{% if 1 %}x{% endif %}',
    '{# c #}',
    "{{ 'a'",
    '{{',
    '}}',
    '{%',
    '\\1',
    "' ~ secret ~ '",
    '\u0000',
  ),
  fc.string({ unit: 'binary' }),
  fc.string().map((text) => `{{ ${text} }}`),
);
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    hostile,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .dictionary(fc.oneof(hostile, fc.constantFrom('__proto__', 'a-b', 'constructor')), tie('value'), { maxKeys: 3 })
      .map((map) => Object.fromEntries(Object.entries(map))),
  ),
})).value;

const written = {
  secret: 'rendered',
  through: '{{ printed }}',
  twice: '{{ through }}',
  nested: { list: ['{{ twice }}'] },
};

describe('what a host printed is never a template', () => {
  it.each([
    '{{ printed }}',
    '{{ through }}',
    '{{ twice }}',
    '{{ nested.list[0] }}',
    "{{ hostvars['web1'].said }}",
    "{{ hostvars['web' ~ 1].said }}",
    '{{ [printed] | first }}',
    '{{ printed if true else 1 }}',
    '{{ nope | default(twice) }}',
    '{{ {"k": twice}.k }}',
    '{{ [twice, 1] | flatten(levels=0) | list | first }}',
  ])('%s gives it verbatim', (template) => {
    fc.assert(
      fc.property(value, (printed) => {
        const hostvars = lazy({
          web1: lazy({ said: { kind: 'written', value: '{{ raw }}' }, raw: { kind: 'final', value: printed } }),
        });
        const plain = scopeOf(written, { printed });
        const scope = (name: string) => (name === 'hostvars' ? hostvars : plain(name));
        fc.pre(printed !== null || !template.includes('flatten'));
        expect(isDeepStrictEqual(cameTo(expressions.template(template, scope)), printed)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    '<{{ printed }}>',
    '<{{ twice }}>',
    '{% if true %}<{{ twice }}>{% endif %}',
    '{% set x = twice %}<{{ x }}>',
    '{% for x in [twice] %}<{{ x }}>{% endfor %}',
  ])('%s prints it verbatim', (template) => {
    fc.assert(
      fc.property(hostile, (printed) => {
        expect(cameTo(expressions.template(template, scopeOf(written, { printed })))).toBe(`<${printed}>`);
      }),
      { numRuns: 60 },
    );
  });

  it('goes through filters as it is', () => {
    const scope = scopeOf(written, { printed: '{{ secret }}' });
    expect(
      cameTo(expressions.template('{{ [printed, printed | upper] | join(" ") | replace("X", "Y") }}', scope)),
    ).toBe('{{ secret }} {{ SECRET }}');
  });

  it('cannot make a condition true', () => {
    const holds = expressions.holds(['"{{ printed }}" == "x"'], scopeOf({}, { printed: 'x" or "1' }));
    expect(reasonOf(holds)).toContain('in quotes');
  });
});

describe('values arrive as they are', () => {
  it('through the engine too', () => {
    fc.assert(
      fc.property(value, (given) => {
        const scope = scopeOf({}, { given });
        expect(isDeepStrictEqual(cameTo(expressions.template('{{ ([given] + [1])[0] }}', scope)), given)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('drops what is omitted, from maps and lists at any depth', () => {
    const written = {
      a: '{{ omit }}',
      b: ['{{ nope | default(omit) }}', 1],
      '{{ key }}': { c: '{{ omit }}', d: null },
    };
    expect(cameTo(expressions.template(written, scopeOf({ key: 'k' })))).toEqual({ b: [1], k: { d: null } });
    expect(cameTo(expressions.template('{{ nope | default(omit) }}', scopeOf({})))).toBe(OMIT);
  });
});
