import * as z from 'zod';
import type { ValueMap } from '../../source/value.ts';
import type { Action, Asked, Decision, Probed } from '../action.ts';
import { parameters } from '../params.ts';
import { capture, type Found, port } from './ask.ts';
import { checksOf } from './checks.ts';
import { willDie } from './executor-checks.ts';
import { type Executor, named } from './facts.ts';
import { image } from './gdb-image.ts';
import type { Given, PreflightCheck } from './preflight-check.ts';
import { registeredForm } from './registered.ts';
import { ASK_SURROUNDINGS } from './surroundings.ts';

export const clock = z
  .enum(['checked', 'trusted'], { error: 'must be checked or trusted' })
  .describe('`trusted`: do not refuse a host whose clock says that it is not synchronised.')
  .default('checked');

const params = parameters({ image: image.optional(), port, clock });

type Params = z.output<typeof params>;

export const mesosPreflight: Action<Params, Found> = {
  kind: 'host',
  name: 'mesos_preflight',
  summary: 'Looks at everything that a shutdown depends on, and refuses the host where something is not as it must be.',
  params,
  effect: () => 'reads',
  probe: (given, host) => look(host, given.port),
  decide: (given, found) => judge(given, found),
};

/** All that the checks want to know, in one round trip. */
export async function look(host: Asked, agentPort: number): Promise<Probed<Found>> {
  const found = await capture(host, agentPort, [ASK_SURROUNDINGS]);
  return found.ok && host.check ? { ok: true, facts: { ...found.facts, isDryRun: true } } : found;
}

function judge(given: Given, found: Found): Decision {
  const checks = checksOf(found, given);
  const failed = checks.filter(({ passed }) => !passed);
  const dying = willDie(found.executors);
  const result = { changed: false, checks, will_die: dying.map(brief) };
  // Who waits already gives up soon, nobody knows when: then nothing speaks louder than the restart.
  const waits = found.executors.some(({ checkpoint, http, standing }) => checkpoint && !http && standing === 'waiting');
  if (failed.length > 0 && !waits)
    return { kind: 'settled', result: { ...result, refused: true, msg: failed.map(told).join('; ') } };
  const unknown = checks.filter(({ verdict }) => verdict === 'UNKNOWN');
  const parts = [
    `${checks.length - unknown.length - failed.length} of ${checks.length} checks passed`,
    ...failed.map((check) => `in spite of it, since an executor waits already: ${told(check)}`),
    ...unknown.map((check) => `not known: ${told(check)}`),
    ...(dying.length === 0
      ? []
      : [`will die, since their frameworks do not checkpoint: ${dying.map(withTasks).join(', ')}`]),
  ];
  return { kind: 'settled', result: { ...result, msg: parts.join('; ') } };
}

function told({ check, why }: PreflightCheck): string {
  return `${check}: ${why}`;
}

function brief({ pid, start, id, framework, tasks }: Executor): ValueMap {
  return registeredForm({ pid, start, id, framework, tasks }) as ValueMap;
}

function withTasks(executor: Executor): string {
  const names = (executor.tasks ?? []).map(({ name }) => `"${name}"`);
  return names.length === 0 ? named(executor) : `${named(executor)} with ${names.join(', ')}`;
}
