import * as z from 'zod';
import type { Action, Judged } from './action.ts';
import { flag, judgedParam, parameters, text } from './params.ts';

const expression = z.union([z.string(), z.boolean(), judgedParam]);

const params = parameters(
  {
    that: z
      .union([expression, z.array(expression).min(1)], { error: 'must be an expression or a list of them' })
      .describe('Expressions, all of which must hold.'),
    fail_msg: text('What to say when one does not hold.').optional(),
    success_msg: text('What to say when all hold.').optional(),
    quiet: flag('Whether the result leaves out what was looked at.').default(false),
  },
  { aliases: { msg: 'fail_msg' } },
);

type Params = z.output<typeof params>;

export const assert: Action<Params, null> = {
  kind: 'host',
  name: 'assert',
  summary: 'Fails unless every expression holds.',
  params,
  expressions: ['that'],
  effect: () => 'reads',
  probe: async () => ({ ok: true, facts: null }),
  decide: ({ that, fail_msg, success_msg }) => {
    const refuted = (Array.isArray(that) ? that : [that]).map(judged).find(({ value }) => !truthy(value));
    if (refuted === undefined)
      return { kind: 'settled', result: { changed: false, msg: success_msg ?? 'All assertions passed' } };
    const msg = fail_msg ?? 'Assertion failed';
    return {
      kind: 'settled',
      result: { changed: false, failed: true, assertion: refuted.expression, evaluated_to: false, msg },
    };
  },
};

function judged(given: Judged | string | boolean): Judged {
  return typeof given === 'object' ? given : { expression: String(given), value: given };
}

/** Python's idea of truth. */
function truthy(value: Judged['value']): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
