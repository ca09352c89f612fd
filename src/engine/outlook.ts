import type { Action, Effect, SteeringAction } from '../actions/action.ts';
import { findAction } from '../actions/registry.ts';
import type { Expressions } from '../expressions/expressions.ts';
import type { Plan, PlannedPlay, Timed } from '../plan/plan.ts';
import type { Value, ValueMap } from '../source/value.ts';
import { Before, type Settled, type TaskAt } from './before.ts';
import { commandText } from './command-text.ts';
import { paramsOf } from './params.ts';
import { spotsIn } from './spot.ts';
import { asFlag, becomeOf, targetOf } from './target.ts';
import type { Standpoint } from './variables.ts';

/** What is known of a plan before it runs. Made of a veiled plan: no secret is in it. */
export interface Outlook {
  /** By the task's id: what it comes to, hosts for which that is the same together, outliers first. */
  readonly tasks: ReadonlyMap<string, readonly Alike<TaskOutlook>[]>;
  /** By the block's id, for windows with a deadline. */
  readonly windows: ReadonlyMap<string, readonly Alike<WindowOutlook>[]>;
}

export interface Alike<T> {
  readonly hosts: readonly string[];
  readonly value: T;
}

export interface TaskOutlook {
  readonly runsAs: string;
  /** Where it is done, when not on the host itself. */
  readonly on?: string;
  readonly effect: Effect;
  /** Seconds, 0: no limit; as written where it is not known. */
  readonly timeout: string;
  readonly environment: Value;
  readonly work: Work;
}

export type Work =
  /** As they will be sent, secrets masked. */
  | { readonly kind: 'commands'; readonly commands: readonly string[] }
  /** Which commands it takes depends on the host's answers, or on `why`. Parameters as far as they are known, else as written. */
  | { readonly kind: 'params'; readonly params: ValueMap; readonly why?: string }
  | { readonly kind: 'items'; readonly items: readonly { readonly item: Value; readonly work: Work }[] }
  | { readonly kind: 'skipped'; readonly condition: string }
  | { readonly kind: 'hidden' };

export interface WindowOutlook {
  readonly length: string;
  readonly reserve: string;
  readonly expected?: string;
  readonly guard: string;
}

export function outlookOf(plan: Plan, expressions: Expressions, playbookDir: string): Outlook {
  const before = new Before(plan, expressions, playbookDir);
  const tasks = plan.plays.flatMap((play) =>
    play.tasks.map(
      (task) =>
        [
          task.id,
          alike(
            play,
            before.sparing((at) => taskOutlook({ ...at, task }, before)),
          ),
        ] as const,
    ),
  );
  return { tasks: new Map(tasks), windows: new Map(plan.plays.flatMap((play) => windowsOf(play, before))) };
}

/** Hosts folded by what is the same on them; the few that differ are what a reviewer must see first. */
function alike<T>(play: PlannedPlay, look: (at: Standpoint) => T): readonly Alike<T>[] {
  const found = new Map<string, { readonly hosts: string[]; readonly value: T }>();
  for (const spot of spotsIn(play)) {
    const value = look(spot);
    const key = JSON.stringify(value);
    const same = found.get(key);
    if (same === undefined) found.set(key, { hosts: [spot.host], value });
    else same.hosts.push(spot.host);
  }
  return [...found.values()].sort((a, b) => a.hosts.length - b.hosts.length);
}

function taskOutlook(at: TaskAt, before: Before): TaskOutlook {
  const { task } = at;
  const text = (written: string) => settledText(written, at, before);
  const complete = completeParams(at, before);
  return {
    runsAs: runsAs(at, before),
    ...(task.delegateTo === undefined ? {} : { on: text(task.delegateTo) }),
    effect: effectOf(at, complete),
    timeout: text(String(task.timeout)),
    environment: valueOr(
      before.settle(at, (scope) => before.expressions.template(task.environment, scope)),
      task.environment,
    ),
    work: task.noLog === false ? workOf(at, complete, before) : { kind: 'hidden' },
  };
}

function workOf(at: TaskAt, complete: Settled<unknown>, before: Before): Work {
  if (at.task.loop === undefined) return workOnce(at, complete, before);
  const turns = before.turns(at);
  if (!turns.known) return { kind: 'params', params: at.task.params, why: turns.why };
  const items = turns.value.map((local) => {
    const turn = { ...at, local };
    return { item: local.item ?? null, work: workOnce(turn, completeParams(turn, before), before) };
  });
  return { kind: 'items', items };
}

function workOnce(at: TaskAt, complete: Settled<unknown>, before: Before): Work {
  for (const condition of at.task.when) {
    const held = before.settle(at, (scope) => before.expressions.holds([condition], scope));
    if (held.known && !held.value) return { kind: 'skipped', condition: String(condition) };
  }
  const action = findAction(at.task.action);
  if (action?.kind === 'host' && complete.known && action.foretold !== undefined)
    return { kind: 'commands', commands: action.foretold(complete.value).map(commandText) };
  const params = paramsAsFarAsKnown(action, at, before);
  return { kind: 'params', params, ...(complete.known ? {} : { why: complete.why }) };
}

function completeParams(at: TaskAt, before: Before): Settled<unknown> {
  const { action: name, params, noLog } = at.task;
  const action = findAction(name);
  if (action === undefined || noLog !== false) return { known: false, why: 'it is hidden by no_log' };
  return before.settle(at, (scope) => paramsOf(action, params, scope, before.expressions));
}

/** Bare expressions are judged on the host, and shown as they are written. */
function paramsAsFarAsKnown(action: Action | SteeringAction | undefined, at: TaskAt, before: Before): ValueMap {
  const bare = action?.kind === 'host' ? (action.expressions ?? []) : [];
  const entries = Object.entries(at.task.params).flatMap(([key, written]) => {
    if (bare.includes(key)) return [[key, written]];
    const one = before.settle(at, (scope) => before.expressions.template({ [key]: written }, scope));
    return Object.entries(one.known ? (one.value as ValueMap) : { [key]: written });
  });
  return Object.fromEntries(entries);
}

/** What is written tells enough where it is not known what it comes to. */
function effectOf({ task }: TaskAt, complete: Settled<unknown>): Effect {
  const action = findAction(task.action);
  // Who writes `changed_when: false` declares that the task only reads.
  if (task.changedWhen?.[0] === false || action?.kind !== 'host') return 'reads';
  return action.effect(complete.known ? complete.value : task.params);
}

function runsAs(at: TaskAt, before: Before): string {
  const { become, becomeUser, becomeMethod } = at.task;
  const wanted = valueOr(
    before.settle(at, (scope) => before.expressions.template(become, scope)),
    become,
  );
  const keywords = {
    become: asFlag(wanted) ?? true,
    ...(becomeUser === undefined ? {} : { user: settledText(becomeUser, at, before) }),
    ...(becomeMethod === undefined ? {} : { method: becomeMethod }),
  };
  const rights = before.settle(at, (scope) => becomeOf(keywords, scope, before.expressions));
  if (!rights.known) return `not known before: ${rights.why}`;
  if (rights.value !== undefined) return `${rights.value.user}, by ${rights.value.method}`;
  const target = before.settle(at, (scope) => targetOf(at.host, scope, before.expressions));
  const user = target.known && target.value.kind === 'ssh' ? target.value.user : undefined;
  return user ?? 'the user who logs in';
}

function windowsOf(play: PlannedPlay, before: Before): readonly (readonly [string, readonly Alike<WindowOutlook>[]])[] {
  const found = new Map<string, Timed>();
  for (const { id, window } of play.tasks.flatMap(({ blocks }) => blocks))
    if (window?.timed !== undefined) found.set(id, window.timed);
  return [...found].map(([id, timed]) => [
    id,
    alike(
      play,
      before.sparing((at) => windowOutlook(timed, at, before)),
    ),
  ]);
}

function windowOutlook(timed: Timed, at: Standpoint, before: Before): WindowOutlook {
  const text = (written: string) => settledText(written, at, before);
  const { length, reserve, expected, guard } = timed;
  return {
    length: text(length),
    reserve: text(reserve),
    ...(expected === undefined ? {} : { expected: text(expected) }),
    guard: 'none' in guard ? `none: ${guard.none}` : text(guard.command),
  };
}

/** As it comes out, or as it is written. */
function settledText(written: string, at: Standpoint, before: Before): string {
  return valueOr(
    before.settle(at, (scope) => before.expressions.text(written, scope)),
    written,
  );
}

function valueOr<T>(settled: Settled<T>, otherwise: T): T {
  return settled.known ? settled.value : otherwise;
}
