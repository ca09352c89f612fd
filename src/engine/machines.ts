import type { Expressions } from '../expressions/expressions.ts';
import type { Plan } from '../plan/plan.ts';
import { revealed, type Secrets } from '../plan/secrets.ts';
import { Memory } from './memory.ts';
import { identityOf, targetOf } from './target.ts';
import { Variables } from './variables.ts';

/** The machine behind each host of a plan, as far as its variables tell before the run; this machine itself is left out. */
export function machinesOf(
  masked: Plan,
  secrets: Secrets,
  expressions: Expressions,
  playbookDir: string,
): ReadonlyMap<string, string> {
  const plan = revealed(masked, secrets);
  const variables = new Variables(plan, new Memory(), { alive: (_, hosts) => hosts, check: false, playbookDir });
  const machines = new Map<string, string>();
  for (const play of plan.plays) {
    for (const batch of play.batches) {
      for (const host of batch.hosts) {
        const target = targetOf(host, variables.scope({ play, batch, host }), expressions);
        if (target.ok && target.value.kind === 'ssh') machines.set(host, identityOf(target.value));
      }
    }
  }
  return machines;
}
