import * as z from 'zod';
import type { Value } from '../source/value.ts';
import type { Action } from './action.ts';
import { integer, judgedParam, parameters } from './params.ts';

const value: z.ZodType<Value> = z.json();

const params = parameters({
  msg: value.describe('What to say; any value.').optional(),
  var: z
    .union([z.string(), judgedParam], { error: 'must be the name of a variable' })
    .describe('A variable, or an expression, whose value is shown.')
    .optional(),
  verbosity: integer('How many -v it takes to say it.').default(0),
}).superRefine((given, context) => {
  if (given.msg !== undefined && given.var !== undefined) context.addIssue("'msg' and 'var' are incompatible options");
});

type Params = z.output<typeof params>;

export const debug: Action<Params, null> = {
  kind: 'host',
  name: 'debug',
  summary: 'Shows a text or a variable.',
  params,
  expressions: ['var'],
  // In Ansible's words. Who looks at a variable asks whether it is there: no host is stopped for that.
  whenUndefined: 'VARIABLE IS NOT DEFINED!',
  effect: () => 'reads',
  probe: async () => ({ ok: true, facts: null }),
  decide: (given) => ({ kind: 'settled', result: given.verbosity > 0 ? tooQuiet : { changed: false, ...said(given) } }),
};

/** Nothing asks for more words, so what wants more is left out, as Ansible does. */
const tooQuiet = { changed: false, skipped: true, skipped_reason: 'Verbosity threshold not met.' };

function said({ msg, var: shown }: Params): Readonly<Record<string, Value>> {
  if (shown === undefined) return { msg: msg ?? 'Hello world!' };
  return typeof shown === 'string' ? { [shown]: shown } : { [shown.expression]: shown.value };
}
