import { dirname, resolve } from 'node:path';
import { unaddressable } from '../engine/machines.ts';
import type { Expressions } from '../expressions/expressions.ts';
import { createExpressions } from '../expressions/expressions.ts';
import { readExtraVars } from '../inventory/extra-vars.ts';
import { foldHosts } from '../inventory/fold.ts';
import { limitHosts } from '../inventory/patterns.ts';
import { readInventory } from '../inventory/read.ts';
import { inputsOf, makePlan } from '../plan/make.ts';
import type { Plan } from '../plan/plan.ts';
import type { Secrets } from '../plan/secrets.ts';
import { readPlaybook } from '../playbook/read.ts';
import type { Mistakes } from '../source/mistakes.ts';
import type { EndsInLedger } from './ledger-ends.ts';
import { realFiles } from './real-files.ts';

/** What is given on the command line to say what shall run. */
export interface Selection {
  readonly inventory: readonly string[];
  readonly extraVars: readonly string[];
  readonly limit?: string;
  readonly forks?: number;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly pauseAfterFirst?: boolean;
  /** Moments, as a plan holds them. */
  readonly notBefore?: string;
  readonly notAfter?: string;
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

/**
 * Reads everything and makes the plan; undefined after adding every mistake. Connects to nothing. `endsInLedger` is asked
 * where a play takes its hosts in the order of the ledger.
 */
export function load(
  playbookPath: string,
  given: Selection,
  folder: string,
  seed: number,
  mistakes: Mistakes,
  endsInLedger: EndsInLedger = () => new Map(),
): Loaded | undefined {
  const files = realFiles(folder);
  const { playbook, read: playbookFiles } = readPlaybook(playbookPath, files, mistakes);
  const before = mistakes.all.length;
  const { inventory, read: inventoryFiles } = readInventory(given.inventory, files, mistakes);
  const inventoryIsSound = mistakes.all.length === before;
  const { vars: extraVars, read: variableFiles } = readExtraVars(given.extraVars, files, mistakes);
  if (playbook === undefined || !mistakes.none) {
    if (inventoryIsSound && given.limit !== undefined) limitHosts(given.limit, [], inventory, files, mistakes);
    return undefined;
  }
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
    ...(given.pauseAfterFirst === undefined ? {} : { pauseAfterFirst: given.pauseAfterFirst }),
    ...(given.notBefore === undefined ? {} : { notBefore: given.notBefore }),
    ...(given.notAfter === undefined ? {} : { notAfter: given.notAfter }),
    seed,
    ends: playbook.plays.some(({ order }) => order === 'ledger')
      ? endsInLedger(inventory, extraVars, mistakes)
      : new Map<string, number>(),
    files,
    expressions,
  };
  const made = makePlan(ingredients, inputs, mistakes);
  if (made === undefined) return undefined;
  const playbookDir = dirname(resolve(folder, playbookPath));
  for (const [reason, hosts] of unaddressable(made.plan, made.secrets, expressions, playbookDir))
    mistakes.add('host-unaddressable', `${foldHosts(hosts)}: ${reason}`);
  return mistakes.none ? { ...made, expressions, playbookDir } : undefined;
}
