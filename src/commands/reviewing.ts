import { dirname, resolve } from 'node:path';
import { outlookOf } from '../engine/outlook.ts';
import { createExpressions } from '../expressions/expressions.ts';
import type { Plan } from '../plan/plan.ts';
import { veiled } from '../plan/secrets.ts';
import type { Review } from '../review/review.ts';
import type { Made, Saved } from '../review/saved.ts';
import { operatorHere } from './execute.ts';
import type { Selection } from './load.ts';
import { realClock } from './real-clock.ts';
import { repositoriesOf } from './repositories.ts';
import { version } from './version.ts';

/** Who makes a plan here and now, and from what. */
export function madeHere(
  plan: Plan,
  missing: readonly string[],
  options: Selection & { readonly ticket?: string },
  folder: string,
): Made {
  const { operator, bastion } = operatorHere();
  return {
    at: realClock.now().toISOString(),
    by: operator,
    on: bastion,
    folder,
    rollgate: version(),
    ...(options.ticket === undefined ? {} : { ticket: options.ticket }),
    sources: {
      inventory: [...options.inventory],
      variables: options.extraVars.filter((given) => given.startsWith('@')),
    },
    missing: [...missing],
    repositories: [
      ...repositoriesOf(
        plan.inputs.map(({ path }) => path),
        folder,
      ),
    ],
  };
}

/** What a reviewer is shown of a plan: the same whoever shows it where, but for what holds only now. */
export function reviewOf(
  saved: Saved,
  now: { readonly forecast: readonly string[]; readonly since: readonly string[] },
): Review {
  const plan = veiled(saved.plan);
  const playbookDir = dirname(resolve(saved.made.folder, plan.playbook));
  return { ...saved, plan, outlook: outlookOf(plan, createExpressions(), playbookDir), ...now };
}
