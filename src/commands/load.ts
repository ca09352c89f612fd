import { dirname, resolve } from 'node:path';
import type { Expressions } from '../expressions/expressions.ts';
import { createExpressions } from '../expressions/expressions.ts';
import { readExtraVars } from '../inventory/extra-vars.ts';
import { readInventory } from '../inventory/read.ts';
import { sha256 } from '../plan/digest.ts';
import { makePlan } from '../plan/make.ts';
import type { Input, Plan } from '../plan/plan.ts';
import type { Secrets } from '../plan/secrets.ts';
import { readPlaybook } from '../playbook/read.ts';
import type { Mistakes } from '../source/mistakes.ts';
import type { SourceText } from '../source/text.ts';
import { realFiles } from './real-files.ts';

/** What is given on the command line to say what shall run. */
export interface Selection {
  readonly inventory: readonly string[];
  readonly extraVars: readonly string[];
  readonly limit?: string;
  readonly forks?: number;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
}

export interface Loaded {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly expressions: Expressions;
  /** Where relative paths in the playbook begin. */
  readonly playbookDir: string;
}

/** Hosts at a time, where neither the playbook nor the command line says. */
const FORKS = 10;

/** Reads everything and makes the plan; undefined after adding every mistake. Connects to nothing. */
export function load(
  playbookPath: string,
  given: Selection,
  folder: string,
  seed: number,
  mistakes: Mistakes,
): Loaded | undefined {
  const files = realFiles(folder);
  const { playbook, read: playbookFiles } = readPlaybook(playbookPath, files, mistakes);
  const { inventory, read: inventoryFiles } = readInventory(given.inventory, files, mistakes);
  const { vars: extraVars, read: variableFiles } = readExtraVars(given.extraVars, files, mistakes);
  if (playbook === undefined || !mistakes.none) return undefined;
  const expressions = createExpressions();
  const inputs = [
    ...inputsOf('playbook', playbookFiles),
    ...inputsOf('inventory', inventoryFiles),
    ...inputsOf('variables', variableFiles),
  ];
  const ingredients = {
    playbook,
    inventory,
    extraVars,
    ...(given.limit === undefined ? {} : { limit: given.limit }),
    forks: given.forks ?? FORKS,
    tags: given.tags ?? [],
    skipTags: given.skipTags ?? [],
    seed,
    files,
    expressions,
  };
  const made = makePlan(ingredients, inputs, mistakes);
  return made === undefined ? undefined : { ...made, expressions, playbookDir: dirname(resolve(folder, playbookPath)) };
}

function inputsOf(role: Input['role'], texts: readonly SourceText[]): readonly Input[] {
  return texts.map(({ file, text }) => ({ path: file, role, sha256: sha256(text) }));
}
