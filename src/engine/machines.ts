import type { Target } from '../connection/connection.ts';
import type { Expressions } from '../expressions/expressions.ts';
import type { Plan, PlannedPlay } from '../plan/plan.ts';
import { revealed, type Secrets } from '../plan/secrets.ts';
import type { Value, ValueMap } from '../source/value.ts';
import { Memory } from './memory.ts';
import { spotsIn } from './spot.ts';
import { type Resolved, targetOf } from './target.ts';
import { Variables } from './variables.ts';

/** A host of a play, and the connection that its variables describe, as far as they tell before the run. */
interface Foreseen {
  readonly host: string;
  readonly target: Resolved<Target>;
  /** Nothing in the run can make another connection of it: a problem now is a problem then. */
  readonly isFinal: boolean;
}

/** The connection to each host of each play, as it looks before the run. */
function* foresee(
  masked: Plan,
  secrets: Secrets,
  expressions: Expressions,
  playbookDir: string,
): Generator<Foreseen, void, undefined> {
  const plan = revealed(masked, secrets);
  const variables = new Variables(plan, new Memory(), { alive: (_, hosts) => hosts, check: false, playbookDir });
  for (const play of plan.plays) {
    const isSettled = isSettledBy(play, plan.options.extraVars);
    for (const spot of spotsIn(play)) {
      const { host } = spot;
      const target = targetOf(host, variables.scope(spot), expressions);
      yield { host, target, isFinal: isSettled && !isOpen(plan.inventory.hosts[host]?.vars) };
    }
  }
}

function isSettledBy(play: PlannedPlay, extraVars: ValueMap): boolean {
  const set = play.tasks.flatMap(({ action, params, vars }) => (action === 'set_fact' ? [vars, params] : [vars]));
  return ![play.vars, extraVars].some(isOpen) && !set.some((vars) => Object.keys(vars).some(isOfConnection));
}

function isOpen(vars: ValueMap | undefined): boolean {
  return Object.entries(vars ?? {}).some(([name, value]) => isOfConnection(name) && isTemplated(value));
}

function isOfConnection(name: string): boolean {
  return name.startsWith('ansible_');
}

function isTemplated(value: Value): boolean {
  return typeof value === 'string' && value.includes('{{');
}

/** Hosts that no connection can be made to, whatever happens in the run: a port that is none, an unknown kind. By reason. */
export function unaddressable(
  plan: Plan,
  secrets: Secrets,
  expressions: Expressions,
  playbookDir: string,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { host, target, isFinal } of foresee(plan, secrets, expressions, playbookDir)) {
    if (isFinal && !target.ok) found.set(target.reason, [...new Set([...(found.get(target.reason) ?? []), host])]);
  }
  return found;
}

/** The connection to each host of a plan, where its variables tell before the run. */
export function targetsOf(
  plan: Plan,
  secrets: Secrets,
  expressions: Expressions,
  playbookDir: string,
): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  for (const { host, target } of foresee(plan, secrets, expressions, playbookDir))
    if (target.ok) targets.set(host, target.value);
  return targets;
}
