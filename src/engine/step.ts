import type { Action, Result } from '../actions/action.ts';
import { findAction } from '../actions/registry.ts';
import type { Scope } from '../expressions/scope.ts';
import type { StepAddress } from '../journal/event.ts';
import type { PlannedTask } from '../plan/plan.ts';
import type { Mask } from '../shell/masking.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import { type DryRun, undecided } from './dry-run.ts';
import { evaluated, holds, kindOf, number } from './keywords.ts';
import { loopResult } from './loop.ts';
import { Misjudged, Undecided } from './misjudged.ts';
import { paramsOf } from './params.ts';
import type { Patience } from './patience.ts';
import { ABANDONED, perform } from './perform.ts';
import { siteOf } from './site.ts';
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
