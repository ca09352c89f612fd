import type { Become, Connection, Target } from '../connection/connection.ts';
import type { Scope } from '../expressions/scope.ts';
import { asPythonText } from '../expressions/values.ts';
import type { StepAddress } from '../journal/event.ts';
import { type Mask, masking } from '../shell/masking.ts';
import { Secret } from '../shell/script.ts';
import { isMap, type Value } from '../source/value.ts';
import { evaluated, flag, kindOf, number, text } from './keywords.ts';
import { Misjudged } from './misjudged.ts';
import type { Patience } from './patience.ts';
import type { Attempted } from './step.ts';
import { becomeOf, secretsIn, targetOf } from './target.ts';
import { TimeLimit } from './time-limit.ts';
import type { World } from './world.ts';

/** Where an action is carried out, and what is said about it meanwhile. */
export interface Site {
  readonly world: World;
  readonly step: StepAddress;
  readonly connection: Connection;
  readonly target: Target;
  /** Set when that is not the step's own host. */
  readonly delegatedTo?: string;
  readonly become?: Become;
  readonly environment: Readonly<Record<string, string | Secret>>;
  /** How long the attempt may take in all. */
  readonly limit?: TimeLimit;
  /** Present inside a window: what is sent there waits for a host that has gone. */
  readonly patience?: Patience;
  readonly check: boolean;
  /** What would change in texts is registered too. */
  readonly diff: boolean;
  readonly mask: Mask;
  /** Nothing of commands and output is shown. */
  readonly noLog: boolean;
  /** Lets go of the command; absent inside a window. */
  readonly abort?: AbortSignal;
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
      const text = environmentText(name, value);
      merged[name] = step.noLog || step.mask(text) !== text ? new Secret(text) : text;
    }
  }
  return merged;
}

function environmentText(name: string, value: Value): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new Misjudged(`environment: "${name}" cannot be the name of an environment variable`);
  const text = asPythonText(value);
  if (text.includes('\0')) throw new Misjudged(`environment: ${name} must not hold a NUL byte`);
  return text;
}

function resolved<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string },
): T {
  if (result.ok) return result.value;
  throw new Misjudged(result.reason);
}
