import type { z } from 'zod';
import type { Action } from './action.ts';
import { parameters, text } from './params.ts';

const params = parameters({ msg: text('Why.').default('Failed as requested from task') });

export const fail: Action<z.output<typeof params>, null> = {
  kind: 'host',
  name: 'fail',
  summary: 'Fails, and says why.',
  params,
  effect: () => 'reads',
  probe: async () => ({ ok: true, facts: null }),
  decide: ({ msg }) => ({ kind: 'settled', result: { changed: false, failed: true, msg } }),
};
