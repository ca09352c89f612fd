import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createExpressions, expressionFlaws, templateFlaws } from '../../src/expressions/expressions.ts';
import type { Evaluated } from '../../src/expressions/scope.ts';
import type { ValueMap } from '../../src/source/value.ts';
import { scopeOf } from './scopes.ts';

interface Answer {
  readonly value?: unknown;
  readonly fails?: true;
}
interface Case extends Answer {
  readonly text: string;
  readonly differs?: Answer & { readonly because: string };
}
interface Recorded {
  readonly variables: ValueMap;
  readonly templates: readonly Case[];
  readonly conditions: readonly Case[];
}

const recorded = JSON.parse(readFileSync(new URL('./ansible.json', import.meta.url), 'utf8')) as Recorded;
const expressions = createExpressions();
const scope = scopeOf(recorded.variables);

function expectAnswer(evaluated: Evaluated<unknown>, { differs, ...ansible }: Case): void {
  const expected = differs ?? ansible;
  const answer = evaluated.ok ? { value: evaluated.value } : { fails: true };
  expect(answer).toEqual(expected.fails === true ? { fails: true } : { value: expected.value });
  if (evaluated.ok) expect(JSON.stringify(evaluated.value)).toBe(JSON.stringify(expected.value));
}

describe('what Ansible 2.14.18 answers', () => {
  it.each(recorded.templates)('template $text', (one) => {
    expectAnswer(expressions.template(one.text, scope), one);
  });

  it.each(recorded.conditions)('when: $text', (one) => {
    expectAnswer(expressions.holds([one.text], scope), one);
  });

  it.each(recorded.templates.filter((one) => one.fails === undefined && one.differs === undefined))(
    'no flaw is found in $text',
    ({ text }) => expect(templateFlaws(text)).toEqual([]),
  );

  it.each(recorded.conditions.filter((one) => one.fails === undefined && one.differs === undefined))(
    'no flaw is found in when: $text',
    ({ text }) => expect(expressionFlaws(text)).toEqual([]),
  );
});
