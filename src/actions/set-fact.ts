import * as z from 'zod';
import type { Value } from '../source/value.ts';
import type { Action } from './action.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Names that cannot be set: they would hide what rollgate itself says. */
const OURS = [
  'inventory_hostname',
  'groups',
  'group_names',
  'hostvars',
  'play_hosts',
  'ansible_play_hosts',
  'ansible_check_mode',
];

const params = z
  .preprocess(
    (given) => given ?? {},
    z.record(z.string(), z.json() as z.ZodType<Value>, { error: 'must be names with their values' }),
  )
  .superRefine((given, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (Object.keys(given).length === 0)
      context.addIssue('No key/value pairs provided, at least one is required for this action to succeed');
    for (const key of Object.keys(given)) {
      if (key === 'cacheable') refuse(key, '"cacheable" is not supported: facts live as long as the run');
      else if (OURS.includes(key)) refuse(key, `"${key}" is what rollgate says about the run; take another name`);
      else if (!NAME.test(key))
        refuse(
          key,
          `The variable name '${key}' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.`,
        );
    }
  })
  .describe('Names and their values.');

export const setFact: Action<z.output<typeof params>, null> = {
  kind: 'host',
  name: 'set_fact',
  summary: 'Sets variables of the host for the rest of the run.',
  params,
  effect: () => 'reads',
  probe: async () => ({ ok: true, facts: null }),
  decide: (given) => ({
    kind: 'settled',
    result: {
      changed: false,
      ansible_facts: Object.fromEntries(Object.entries(given).map(([key, value]) => [key, typed(value)])),
    },
  }),
};

/** Texts that say yes or no become booleans, as in Ansible. */
function typed(value: Value): Value {
  const word = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (word === 'true' || word === 'yes') return true;
  return word === 'false' || word === 'no' ? false : value;
}
