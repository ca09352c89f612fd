import type { Action, Result } from '../actions/action.ts';
import { findAction } from '../actions/registry.ts';
import type { Evaluated, Scope } from '../expressions/scope.ts';
import { asPythonText } from '../expressions/values.ts';
import type { StepAddress } from '../journal/event.ts';
import type { PlannedTask } from '../plan/plan.ts';
import { type Mask, masking } from '../shell/masking.ts';
import { Secret } from '../shell/script.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import { type DryRun, undecided } from './dry-run.ts';
import { loopResult } from './loop.ts';
import { Misjudged, Undecided } from './misjudged.ts';
import { paramsOf } from './params.ts';
import type { Patience } from './patience.ts';
import { ABANDONED, perform, type Site } from './perform.ts';
import { asFlag, becomeOf, secretsIn, targetOf } from './target.ts';
import { TimeLimit } from './time-limit.ts';
import type { Standpoint, Variables } from './variables.ts';
import type { World } from './world.ts';

/** A step about to be taken: its task on its host, with everything it may look up. */
export interface Attempted {
  readonly world: World;
  readonly variables: Variables;
  readonly at: Standpoint & { readonly task: PlannedTask };
  readonly address: StepAddress;
  readonly check: boolean;
  readonly dryRun?: DryRun;
  /** What would change in texts is registered too. */
  readonly diff: boolean;
  /** Hides what is secret in texts. */
  readonly mask: Mask;
  readonly noLog: boolean;
  readonly abort?: AbortSignal;
  /** Inside a window. */
  readonly patience?: Patience;
}

const SKIPPED: Result = { changed: false, skipped: true, skip_reason: 'Conditional result was False' };

/** Takes a step: its condition, its loop, its attempts. Gives what it registers. */
export async function takeStep(step: Attempted): Promise<Result | typeof ABANDONED> {
  try {
    const { loop, throttle } = step.at.task;
    // The engine asked for it before, and could not say there what is wrong with it.
    if (throttle !== undefined) number(step, throttle, 'throttle');
    if (loop === undefined) return await takeOnce(step);
    return await takeEach(step, loop);
  } catch (error) {
    return misjudged(error, step);
  }
}

function misjudged(error: unknown, step: Attempted): Result {
  if (error instanceof Undecided) return undecided(step.at.task, error.message);
  if (error instanceof Misjudged) return { changed: false, failed: true, msg: error.message };
  throw error;
}

async function takeEach(step: Attempted, loop: Value): Promise<Result | typeof ABANDONED> {
  const rendered = step.world.expressions.template(loop, scopeOf(step));
  // What is left out by its condition need not have a list.
  if (!rendered.ok && !holds(step, step.at.task.when, scopeOf(step), 'when')) return SKIPPED;
  const items = evaluated(rendered, 'loop');
  if (!isList(items))
    throw new Misjudged(`loop wants a list, but got ${kindOf(items)}; for a dictionary write "{{ it | dict2items }}"`);
  const results: Result[] = [];
  // What set_fact sets for one item is there for the next: lists and counts are gathered so.
  let facts: ValueMap = {};
  for (const item of items) {
    const result = await itemResult({
      ...step,
      at: { ...step.at, local: { ...step.at.local, ...facts, item, ansible_loop_var: 'item' } },
    });
    if (result === ABANDONED) return ABANDONED;
    if (isMap(result.ansible_facts ?? null)) facts = { ...facts, ...(result.ansible_facts as ValueMap) };
    const ran = result.skipped !== true && result.unreachable !== true;
    results.push({ ...(ran ? { failed: false } : {}), ...result, item, ansible_loop_var: 'item' });
    if (result.unreachable === true || result.refused === true) break;
  }
  return loopResult(results);
}

/** One item's mistake must not keep the others from running: the host fails at the end. */
async function itemResult(step: Attempted): Promise<Result | typeof ABANDONED> {
  try {
    return await takeOnce(step);
  } catch (error) {
    return misjudged(error, step);
  }
}

async function takeOnce(step: Attempted): Promise<Result | typeof ABANDONED> {
  const { task } = step.at;
  if (!holds(step, task.when, scopeOf(step), 'when')) {
    return SKIPPED;
  }
  const action = findAction(task.action);
  if (action?.kind !== 'host') throw new Error(`${task.action} is not an action that runs on hosts`);
  const retries = task.retries === undefined ? 0 : Math.max(0, number(step, task.retries, 'retries'));
  for (let attempt = 1; ; attempt++) {
    const raw = await attemptOnce(action, step);
    if (raw === ABANDONED || raw.unreachable === true) return raw;
    if (raw.skipped === true || (step.dryRun !== undefined && raw.foreseen === true)) return declared(step, raw);
    const judged = judge(step, raw);
    if (task.retries === undefined && task.until.length === 0) return noted(step, judged);
    const result = { ...judged, attempts: attempt };
    if (isEnough(step, result)) return noted(step, result);
    if (step.dryRun !== undefined) return undecided(task, 'it is not so yet, and the run would ask again');
    if (attempt > retries && result.refused === true) return result;
    if (attempt > retries)
      return { ...result, failed: true, msg: result.msg ?? `still not so after ${attempt} attempts` };
    await waitToRetry(step, result, attempt, retries + 1);
  }
}

/** Of what was not done, only what the playbook says outright can be said. */
function declared({ at, dryRun }: Attempted, raw: Result): Result {
  if (dryRun === undefined || at.task.changedWhen?.[0] !== false) return raw;
  return { ...raw, changed: false, reads: true };
}

/** What outlives the run is on disk before the journal calls the step done: a break in between finds it to do again. */
async function noted(step: Attempted, result: Result): Promise<Result> {
  const { ledger } = result;
  if (ledger === undefined || result.failed === true || step.check) return result;
  const problem = await step.world.note(step.at.host, ledger);
  return problem === undefined ? result : { ...result, failed: true, msg: problem };
}

function isEnough(step: Attempted, result: Result): boolean {
  const { until } = step.at.task;
  return until.length === 0
    ? result.failed !== true && result.refused !== true
    : holds(step, until, scopeWith(step, result), 'until');
}

async function waitToRetry(step: Attempted, result: Result, attempt: number, of: number): Promise<void> {
  const delayMs = Math.max(0, number(step, step.at.task.delay, 'delay')) * 1000;
  const reason = step.noLog ? '' : step.mask(String(result.msg ?? `attempt ${attempt} did not do`));
  step.world.report({ type: 'step_retried', ...step.address, attempt, of, delayMs, reason });
  await step.world.clock.sleep(delayMs, step.abort).catch(() => undefined);
}

async function attemptOnce(action: Action, step: Attempted): Promise<Result | typeof ABANDONED> {
  if (step.abort?.aborted === true) return ABANDONED;
  const scope = scopeOf(step);
  const params = paramsOf(action, step.at.task.params, scope, step.world.expressions);
  if (!params.ok) throw new Misjudged(params.reason);
  return perform(action, params.value, siteOf(step, scope));
}

/** Where a step is carried out. Throws Misjudged where that cannot be told. */
export function siteOf(step: Attempted, scope: Scope): Site {
  const { world, at } = step;
  const { task } = at;
  const delegate = task.delegateTo === undefined ? undefined : text(step, task.delegateTo, 'delegate_to');
  const there = delegate === undefined ? scope : step.variables.scope({ ...at, host: delegate });
  const target = resolved(targetOf(delegate ?? at.host, there, world.expressions));
  const become = resolved(becomeOf(becomeKeywords(step), there, world.expressions));
  const timeout = number(step, task.timeout, 'timeout');
  const secrets = secretsIn(target, become);
  const mask = secrets.length === 0 ? step.mask : both(step.mask, masking(secrets));
  return {
    world,
    step: step.address,
    connection: world.connections.to(target),
    target,
    ...(delegate === undefined ? {} : { delegatedTo: delegate }),
    ...(become === undefined ? {} : { become }),
    environment: environmentOf(step, scope),
    ...(timeout > 0 ? { limit: new TimeLimit(timeout * 1000, world.clock) } : {}),
    ...(step.patience === undefined ? {} : { patience: step.patience }),
    check: step.check,
    diff: step.diff,
    mask,
    noLog: step.noLog,
    ...(step.abort === undefined ? {} : { abort: step.abort }),
  };
}

function both(first: Mask, second: Mask): Mask {
  return (shown) => second(first(shown));
}

function becomeKeywords(step: Attempted): {
  readonly become: boolean;
  readonly user?: string;
  readonly method?: string;
} {
  const { become, becomeUser, becomeMethod } = step.at.task;
  return {
    become: flag(step, become, 'become'),
    ...(becomeUser === undefined ? {} : { user: text(step, becomeUser, 'become_user') }),
    ...(becomeMethod === undefined ? {} : { method: text(step, becomeMethod, 'become_method') }),
  };
}

/** What holds a secret goes to the host apart from the command: everybody there can read a process's words. */
function environmentOf(step: Attempted, scope: Scope): Readonly<Record<string, string | Secret>> {
  const merged: Record<string, string | Secret> = {};
  for (const written of step.at.task.environment) {
    const rendered = evaluated(step.world.expressions.template(written, scope), 'environment');
    if (!isMap(rendered))
      throw new Misjudged(`environment wants a mapping of names to values, but got ${kindOf(rendered)}`);
    for (const [name, value] of Object.entries(rendered)) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw new Misjudged(`environment: "${name}" cannot be the name of an environment variable`);
      const text = asPythonText(value);
      if (text.includes('\0')) throw new Misjudged(`environment: ${name} must not hold a NUL byte`);
      merged[name] = step.noLog || step.mask(text) !== text ? new Secret(text) : text;
    }
  }
  return merged;
}

/** `changed_when` and `failed_when` have the last word on what an attempt came to; a gate's no is not theirs to judge. */
function judge(step: Attempted, raw: Result): Result {
  if (raw.refused === true) return raw;
  const { changedWhen, failedWhen } = step.at.task;
  let result = raw;
  // A list of no conditions says nothing.
  if (changedWhen !== undefined && changedWhen.length > 0) {
    const changed = holds(step, changedWhen, scopeWith(step, result), 'changed_when');
    result = { ...result, changed };
  }
  if (failedWhen !== undefined && failedWhen.length > 0) {
    const failed = holds(step, failedWhen, scopeWith(step, result), 'failed_when');
    result = { ...result, failed, failed_when_result: failed };
  }
  return result;
}

function scopeOf(step: Attempted): Scope {
  return step.variables.scope(step.at);
}

/** The scope in which a result is judged: it is there under the name it will be registered by. */
function scopeWith(step: Attempted, result: Result): Scope {
  const { register } = step.at.task;
  if (register === undefined) return scopeOf(step);
  return step.variables.scope({
    ...step.at,
    local: { ...step.at.local, [register]: asValue({ failed: false, ...result }) },
  });
}

/** A result without what is absent in it. */
export function asValue(result: Result): ValueMap {
  return Object.fromEntries(
    Object.entries(result).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function holds(step: Attempted, conditions: readonly (string | boolean)[], scope: Scope, keyword: string): boolean {
  return evaluated(step.world.expressions.holds(conditions, scope), keyword);
}

/** A keyword that is true or false, or a template that comes to it. */
export function flag(
  step: Pick<Attempted, 'world' | 'variables' | 'at'>,
  written: boolean | string,
  keyword: string,
): boolean {
  if (typeof written === 'boolean') return written;
  const value = evaluated(step.world.expressions.template(written, step.variables.scope(step.at)), keyword);
  const truth = asFlag(value);
  if (truth === undefined)
    throw new Misjudged(`${keyword} must come to true or false, but came to ${JSON.stringify(value)}`);
  return truth;
}

export function number(
  step: Pick<Attempted, 'world' | 'variables' | 'at'>,
  written: number | string,
  keyword: string,
): number {
  if (typeof written === 'number') return written;
  const value = Number(evaluated(step.world.expressions.text(written, step.variables.scope(step.at)), keyword));
  if (!Number.isFinite(value)) throw new Misjudged(`${keyword} must come to a number, but "${written}" did not`);
  return value;
}

export function text(step: Pick<Attempted, 'world' | 'variables' | 'at'>, written: string, keyword: string): string {
  return evaluated(step.world.expressions.text(written, step.variables.scope(step.at)), keyword);
}

/** A keyword that cannot be evaluated is answered on the safe side; the step itself will say what is wrong. */
export function safely<T>(evaluate: () => T, otherwise: T): T {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof Misjudged) return otherwise;
    throw error;
  }
}

function evaluated<T>(result: Evaluated<T>, keyword: string): T {
  if (result.ok) return result.value;
  throw new Misjudged(`${keyword}: ${result.reason}`);
}

function resolved<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string },
): T {
  if (result.ok) return result.value;
  throw new Misjudged(result.reason);
}

function kindOf(value: Value): string {
  return value === null
    ? 'nothing'
    : isList(value)
      ? 'a list'
      : isMap(value)
        ? 'a mapping'
        : `${typeof value} ${JSON.stringify(value)}`;
}
