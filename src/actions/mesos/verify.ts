import type { z } from 'zod';
import type { Action, Decision, Probed, Result } from '../action.ts';
import { integer, parameters } from '../params.ts';
import { capture, type Found, port, registeredCapture } from './ask.ts';
import { asValue } from './capture.ts';
import { type Executor, identityOf, named } from './facts.ts';

const params = parameters({
  before: registeredCapture,
  port,
  wait: integer('Seconds to wait for every executor to be back.').default(30),
});

type Params = z.output<typeof params>;
type Earlier = Params['before']['executors'][number];

/** Every executor of before and after, by what became of it. */
export interface Comparison {
  readonly relinked: readonly Executor[];
  /** Alive, but without a link, or still with the one to the agent that is no more. */
  readonly waiting: readonly Executor[];
  /** Promised to be kept, and gone. */
  readonly lost: readonly Earlier[];
  /** Gone, as was foretold: no checkpointing. */
  readonly gone: readonly Earlier[];
  readonly fresh: readonly Executor[];
}

export const mesosVerify: Action<Params, Found> = {
  kind: 'host',
  name: 'mesos_verify',
  summary: 'Compares the executors with those of a capture, by identity: alive, linked again, lost, gone, new.',
  params,
  effect: () => 'reads',
  probe,
  decide,
};

/** An agent needs seconds to take its executors back: asks until nobody is missing a link, or the time is up. */
async function probe(given: Params, host: Parameters<typeof capture>[0]): Promise<Probed<Found>> {
  const until = host.clock.monotonic() + given.wait * 1000;
  for (;;) {
    const found = await capture(host, given.port);
    if (!found.ok || host.check || compare(given.before, found.facts).waiting.length === 0) return found;
    if (host.clock.monotonic() >= until) return found;
    await host.clock.sleep(1000);
  }
}

/**
 * Who had no link and did not wait for one is left out: a task that outlived its executor looks like that.
 * After a restart an old link proves nothing: a half-open one looks alive until the agent gives its executor up.
 */
export function compare(before: Params['before'], after: Pick<Found, 'agent' | 'executors'>): Comparison {
  const expected = before.executors.filter(({ standing }) => standing !== 'unlinked');
  const now = new Set(after.executors.map(identityOf));
  const known = new Set(before.executors.map(identityOf));
  const earlier = new Set(expected.map(identityOf));
  const old = new Set(
    before.agent.instance === after.agent.instance
      ? []
      : before.executors.flatMap((executor) => executor.links.map((link) => link.inode)),
  );
  const isLinked = ({ links }: Executor) => links.length > 0 && links.every(({ inode }) => !old.has(inode));
  const alive = after.executors.filter((executor) => earlier.has(identityOf(executor)));
  const missing = expected.filter((executor) => !now.has(identityOf(executor)));
  return {
    relinked: alive.filter(isLinked),
    waiting: alive.filter((executor) => !isLinked(executor)),
    lost: missing.filter(({ checkpoint }) => checkpoint),
    gone: missing.filter(({ checkpoint }) => !checkpoint),
    fresh: after.executors.filter((executor) => executor.standing !== 'unlinked' && !known.has(identityOf(executor))),
  };
}

function decide({ before }: Params, { agent, executors }: Found): Decision {
  const { relinked, waiting, lost, gone, fresh } = compare(before, { agent, executors });
  const result: Result = {
    changed: false,
    restarted: agent.instance !== before.agent.instance,
    relinked: relinked.map(asValue),
    waiting: waiting.map(asValue),
    lost: lost.map(brief),
    gone: gone.map(brief),
    new: fresh.map(asValue),
  };
  const problems = [
    ...list('lost, remedy their tasks', lost),
    ...list('alive, but not linked to the agent', waiting),
    ...(agent.state === 'active' ? [] : [`${agent.unit} is ${agent.state}`]),
  ];
  const told = [
    `${relinked.length} of ${before.executors.length} executors alive and linked`,
    ...list('gone as foretold (no checkpointing)', gone),
    ...list('new', fresh),
  ];
  const msg = [...problems, ...told].join('; ');
  return { kind: 'settled', result: problems.length === 0 ? { ...result, msg } : { ...result, failed: true, msg } };
}

function brief({ pid, start, id }: Earlier) {
  return { pid, start, id };
}

function list(what: string, executors: readonly (Executor | Earlier)[]): readonly string[] {
  return executors.length === 0 ? [] : [`${what}: ${executors.map(named).join(', ')}`];
}
