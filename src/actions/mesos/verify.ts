import type { z } from 'zod';
import type { Value, ValueMap } from '../../source/value.ts';
import type { Action, Asked, Decision, Probed, Result } from '../action.ts';
import { integer, parameters, path } from '../params.ts';
import { ASK_RECOVERY, lastingProblems, notRead, passingProblems } from './agent-return.ts';
import { capture, type Found, port } from './ask.ts';
import { asValue } from './capture.ts';
import { type Comparison, compare } from './comparison.ts';
import { asJson, table } from './comparison-table.ts';
import { type Executor, identityOf, named } from './facts.ts';
import { registeredForm } from './registered.ts';
import { type Before, type Earlier, registeredCapture } from './registered-capture.ts';
import { keepRemedies, remedies, remedyFile } from './remedy.ts';

const params = parameters({
  before: registeredCapture,
  port,
  wait: integer('Seconds to wait for the agent and every executor to be back.').default(30),
  watch: integer(
    'Seconds to look again, every 15 seconds, after all are back: a master that lost patience removes an agent only then.',
  ).default(90),
  dest: path('A folder on the bastion for HOST.remedy.json: the tasks that somebody must see to.').optional(),
});

type Params = z.output<typeof params>;

interface Facts extends Found {
  readonly host: string;
  /** On the bastion. */
  readonly dest?: string;
}

export const mesosVerify: Action<Params, Facts> = {
  kind: 'host',
  name: 'mesos_verify',
  summary:
    'Compares agent and executors with those of a capture, by identity: the agent as it was, every executor alive and linked again, its tasks running; names who is lost, gone or new.',
  params,
  effect: () => 'reads',
  probe: async (given, host) => {
    const found = await watched(given, host);
    if (!found.ok) return found;
    const dest = given.dest === undefined ? {} : { dest: remedyFile(given.dest, host) };
    return { ok: true, facts: { ...found.facts, host: host.host, ...dest } };
  },
  decide,
};

/** An agent needs seconds to take its executors back; once all is well, it must stay so. */
async function watched(given: Params, host: Asked): Promise<Probed<Found>> {
  const back = await lookUntil(given, host, given.wait, 1, (found) => isBack(given.before, found));
  if (!back.ok || host.check || !isWell(given.before, back.facts)) return back;
  return lookUntil(given, host, given.watch, 15, (found) => !isWell(given.before, found), back.facts);
}

/** Looks again and again, until what is looked for is there, or the time is up; the last look counts. */
async function lookUntil(
  given: Params,
  host: Asked,
  seconds: number,
  everySeconds: number,
  isThere: (found: Found) => boolean,
  seen?: Found,
): Promise<Probed<Found>> {
  const until = host.clock.monotonic() + seconds * 1000;
  let found: Probed<Found> =
    seen === undefined ? await capture(host, given.port, [ASK_RECOVERY]) : { ok: true, facts: seen };
  while (found.ok && !host.check && !isThere(found.facts) && host.clock.monotonic() < until) {
    await host.clock.sleep(Math.min(everySeconds * 1000, until - host.clock.monotonic()));
    found = await capture(host, given.port, [ASK_RECOVERY]);
  }
  return found;
}

/** Nobody can bring back who is gone: that is not waited for. A task that its agent does not show yet may still come. */
function isBack(before: Before, found: Found): boolean {
  const { waiting, lost } = compare(before, found);
  const alive = new Set(found.executors.map(identityOf));
  return (
    waiting.length === 0 &&
    !lost.some((loss) => alive.has(identityOf(loss))) &&
    passingProblems(before, found).length === 0
  );
}

function isWell(before: Before, found: Found): boolean {
  const { lost } = compare(before, found);
  return isBack(before, found) && lost.length + lastingProblems(before, found).length === 0;
}

function decide({ before }: Params, facts: Facts): Decision {
  const comparison = compare(before, facts);
  const remedy = remedies(comparison, before, facts.host);
  const result = { ...judged(before, facts, comparison), remedy };
  return facts.dest === undefined ? { kind: 'settled', result } : keepRemedies(result, facts.dest);
}

function judged(before: Before, facts: Facts, comparison: Comparison): Result {
  const { relinked, waiting, lost, gone, fresh, unexpected } = comparison;
  const problems = [
    ...list('lost, remedy their tasks', lost),
    ...list('alive, but not linked to the agent', waiting),
    ...lastingProblems(before, facts),
    ...passingProblems(before, facts),
  ];
  const told = [
    `${relinked.length} of ${before.executors.length} executors alive and linked`,
    ...list('gone as foretold (no checkpointing)', gone),
    ...list('alive, though no agent knows them any more; end them by hand', unexpected),
    ...list('new', fresh),
    ...notRead(facts).map((what) => `not read: ${what}`),
  ];
  return {
    changed: false,
    ...(problems.length === 0 ? {} : { failed: true }),
    msg: [...problems, ...told].join('; '),
    restarted: facts.agent.instance !== before.agent.instance,
    ...(facts.idleLimitSeconds === undefined ? {} : { idle_limit_seconds: facts.idleLimitSeconds }),
    relinked: relinked.map(asValue),
    waiting: waiting.map(asValue),
    lost: lost.map(brief),
    gone: gone.map(brief),
    new: fresh.map(asValue),
    unexpected: unexpected.map(asValue),
    not_read: notRead(facts),
    table: table(before, facts, comparison),
    comparison: asJson(before, comparison),
  };
}

function brief({ pid, start, id, framework, tasks, why }: Earlier & { readonly why?: Value }): ValueMap {
  return registeredForm({ pid, start, id, framework, tasks, why }) as ValueMap;
}

function list(what: string, executors: readonly (Executor | Earlier)[]): readonly string[] {
  return executors.length === 0 ? [] : [`${what}: ${executors.map(withTasks).join(', ')}`];
}

/** For command and docker executors, the task is called as they are. */
function withTasks(executor: Executor | Earlier): string {
  const names = (executor.tasks ?? []).filter(({ name }) => name !== executor.id).map(({ name }) => `"${name}"`);
  return names.length === 0 ? named(executor) : `${named(executor)} with ${names.join(', ')}`;
}
