import { foldHosts } from '../inventory/fold.ts';
import { isList, isMap, type Value } from '../source/value.ts';
import { canonicalJson } from './digest.ts';
import type { Input, Plan, PlanOptions } from './plan.ts';
import { missingSecrets } from './secrets.ts';

/** What tells a plan from the one that was approved, each in a sentence. None: it is the same plan. */
export function differences(approved: Plan, now: Plan): readonly string[] {
  if (approved.id === now.id) return [];
  const named = [
    ...changed('the playbook', approved.playbook, now.playbook),
    ...inputDifferences(approved.inputs, now.inputs),
    ...optionDifferences(approved.options, now.options),
    ...hostDifferences(Object.keys(approved.inventory.hosts), Object.keys(now.inventory.hosts)),
  ];
  return named.length > 0 ? named : elsewhere(approved, now);
}

function inputDifferences(approved: readonly Input[], now: readonly Input[]): readonly string[] {
  const keyOf = ({ role, path }: Input) => `${role} ${path}`;
  const before = new Map(approved.map((input) => [keyOf(input), input]));
  const after = new Map(now.map((input) => [keyOf(input), input]));
  const gone = [...before.keys()].filter((key) => !after.has(key));
  const come = [...after.keys()].filter((key) => !before.has(key));
  const other = [...before].flatMap(([key, { sha256 }]) => {
    const found = after.get(key)?.sha256;
    return found === undefined || found === sha256
      ? []
      : [`${key} has changed: its SHA-256 was ${sha256}, and is ${found}`];
  });
  return [
    ...other,
    ...gone.map((key) => `${key} is not read any more, or not there`),
    ...come.map((key) => `${key} is read now, and was not when the plan was made`),
  ];
}

function optionDifferences(approved: PlanOptions, now: PlanOptions): readonly string[] {
  const names = new Set([...Object.keys(approved.extraVars), ...Object.keys(now.extraVars)]);
  return [
    ...changed('--limit', approved.limit, now.limit),
    ...changed('--forks', approved.forks, now.forks),
    ...changed('--tags', approved.tags.join(','), now.tags.join(',')),
    ...changed('--skip-tags', approved.skipTags.join(','), now.skipTags.join(',')),
    ...changed('--not-before', approved.notBefore, now.notBefore),
    ...changed('--not-after', approved.notAfter, now.notAfter),
    ...[...names].flatMap((name) => variableDifference(name, approved, now)),
  ];
}

/** A secret that was not given again is missing, not changed: a plan does not hold it. */
function variableDifference(name: string, approved: PlanOptions, now: PlanOptions): readonly string[] {
  const [before, after] = [approved.extraVars[name], now.extraVars[name]];
  if (after === undefined && missingSecrets(before, new Map()).length > 0) return [];
  return changed(`-e ${name}`, before, after);
}

function hostDifferences(approved: readonly string[], now: readonly string[]): readonly string[] {
  const [before, after] = [new Set(approved), new Set(now)];
  const gone = approved.filter((host) => !after.has(host));
  const come = now.filter((host) => !before.has(host));
  return [
    ...(gone.length === 0 ? [] : [`the inventory has lost ${foldHosts(gone)}`]),
    ...(come.length === 0 ? [] : [`the inventory has gained ${foldHosts(come)}`]),
  ];
}

function changed(what: string, before: Value | undefined, after: Value | undefined): readonly string[] {
  if (shown(before) === shown(after)) return [];
  return [`${what} was ${shown(before)}, and is ${shown(after)}`];
}

function shown(value: Value | undefined): string {
  return value === undefined || value === '' ? 'not given' : canonicalJson(value);
}

/** More places are not differences in a plan, but another plan. */
const MOST_PLACES = 10;

/** Where nothing that was given differs, what was made of it does: by another rollgate, or from another order of sources. */
function elsewhere(approved: Plan, now: Plan): readonly string[] {
  const places = (plan: Plan) => ({
    inputs: plan.inputs,
    seed: plan.seed,
    inventory: plan.inventory,
    plays: plan.plays,
  });
  const found = [...placesIn(places(approved) as unknown as Value, places(now) as unknown as Value, '')];
  const more = found.length > MOST_PLACES ? [`and in ${found.length - MOST_PLACES} places more`] : [];
  return [...found.slice(0, MOST_PLACES).map((place) => `the plan differs at ${place}`), ...more];
}

function* placesIn(
  before: Value | undefined,
  after: Value | undefined,
  path: string,
): Generator<string, void, undefined> {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return;
  const [one, other] = [entriesOf(before), entriesOf(after)];
  if (one === undefined || other === undefined) {
    yield path;
    return;
  }
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
    yield* placesIn(one[key], other[key], path === '' ? key : `${path}.${key}`);
}

function entriesOf(value: Value | undefined): Readonly<Record<string, Value>> | undefined {
  if (isList(value)) return Object.fromEntries(value.entries());
  return isMap(value) ? value : undefined;
}
