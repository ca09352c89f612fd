import * as z from 'zod';
import type { SteeringAction } from './action.ts';
import { parameters } from './params.ts';

const KNOWN = ['flush_handlers', 'end_host', 'end_play', 'end_batch', 'noop'] as const;

/** Ansible's others, with what there is instead. */
const REFUSED: Readonly<Record<string, string>> = {
  refresh_inventory: 'the plan names the hosts of the run; make a new plan',
  clear_facts: 'facts are not gathered here',
  end_role: 'there are no roles here',
  clear_host_errors: 'it hides failures from the limits and from the exit code; use rescue or ignore_errors',
  reset_connection: 'a connection that dropped is opened again by itself; a changed login needs a run of its own',
};

const params = parameters(
  {
    action: z
      .enum(KNOWN, {
        error: ({ input }) => {
          const why = typeof input === 'string' ? REFUSED[input] : undefined;
          return why === undefined ? `must be one of ${KNOWN.join(', ')}` : `"${input}" is not supported: ${why}`;
        },
      })
      .describe('What to do with the run.'),
  },
  { aliases: { _raw_params: 'action', free_form: 'action' } },
);

export const meta: SteeringAction<z.output<typeof params>> = {
  kind: 'steering',
  name: 'meta',
  summary: 'Steers the run: runs handlers now, ends a host, batch or play.',
  params,
  freeForm: 'action',
};
