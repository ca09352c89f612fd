import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../journal/progress.ts';
import { type RunFolder, savePlan } from '../journal/run-folder.ts';
import { contradictions, differences, type Kept } from '../plan/difference.ts';
import { missingSecrets } from '../plan/secrets.ts';
import type { Mistakes } from '../source/mistakes.ts';
import { type Loaded, load } from './load.ts';
import type { ReadRun } from './read-run.ts';

export type Replanned =
  | { readonly ok: true; readonly loaded: Loaded; readonly differences: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** The plan as it would be made from the files as they are now, where the run can go on by it; undefined: mistakes in them. */
export function replan(
  { plan, started: { folder, sources } }: ReadRun,
  progress: Progress,
  given: readonly string[],
  mistakes: Mistakes,
): Replanned | undefined {
  const known = Object.entries(plan.options.extraVars).filter(
    ([, value]) => missingSecrets(value, new Map()).length === 0,
  );
  const again = {
    ...plan.options,
    inventory: sources.inventory,
    extraVars: [JSON.stringify(Object.fromEntries(known)), ...sources.variables, ...given],
    pauseAfterFirst: plan.plays.some(({ pauseAfter }) => pauseAfter === 'first_batch'),
  };
  const loaded = load(plan.playbook, again, folder, plan.seed ?? 0, mistakes);
  if (loaded === undefined) return undefined;
  const against = contradictions(plan, loaded.plan, keptSteps(progress));
  if (against.length === 0) return { ok: true, loaded, differences: differences(plan, loaded.plan) };
  const shown = against.slice(0, 20).map((line) => `  ${line}\n`);
  return {
    ok: false,
    reason: `the run cannot go on by a plan made anew, for what was done would mean something else:\n${shown.join('')}go on with the saved plan (without --replan), or begin a new run`,
  };
}

/** What failed, was refused or could not be reached may be mended in the playbook; all else has happened. */
function keptSteps({ steps, hosts }: Progress): readonly Kept[] {
  return [...steps].flatMap(([key, step]): Kept[] => {
    const hasFailed = hosts.get(step.host)?.failures.has(key) === true;
    return hasFailed || step.status === 'refused' ? [] : [step];
  });
}

/** Puts the new plan in the place of the old one, which stays beside it under its id. */
export async function replacePlan(folder: RunFolder, before: ReadRun['plan'], after: ReadRun['plan']): Promise<void> {
  const kept = join(folder.path, `plan-${before.id.replace('sha256:', '').slice(0, 12)}.json`);
  copyFileSync(folder.planFile, kept);
  await savePlan(folder, after);
}
