import type { Found } from './ask.ts';
import { type Executor, identityOf, type Task } from './facts.ts';
import type { Before, Earlier } from './registered-capture.ts';

/** Promised to be kept, and not there any more: an executor with its tasks, or tasks of one that is alive. */
export interface Loss extends Earlier {
  readonly why: string;
}

/** Every executor of before and after, by what became of it. */
export interface Comparison {
  readonly relinked: readonly Executor[];
  /** Alive, but without a link, or still with the one to the agent that is no more. */
  readonly waiting: readonly Executor[];
  readonly lost: readonly Loss[];
  /** Gone, as was foretold: no checkpointing. */
  readonly gone: readonly Earlier[];
  readonly fresh: readonly Executor[];
  /** Foretold to die, and alive without an agent that knows it: what it runs is not counted anywhere any more. */
  readonly unexpected: readonly Executor[];
}

/**
 * Who had no link and did not wait for one is left out: a task that outlived its executor looks like that.
 * After a restart an old link proves nothing: a half-open one looks alive until the agent gives its executor up.
 */
export function compare(before: Before, after: Pick<Found, 'agent' | 'executors' | 'docker'>): Comparison {
  const restarted = before.agent.instance !== after.agent.instance;
  const expected = before.executors.filter(({ standing }) => standing !== 'unlinked');
  const now = new Map(after.executors.map((executor) => [identityOf(executor), executor]));
  const known = new Set(before.executors.map(identityOf));
  const old = new Set(restarted ? before.executors.flatMap(({ links }) => links.map(({ inode }) => inode)) : []);
  const isLinked = ({ links }: Executor) => links.some(({ inode }) => !old.has(inode));
  const pairs = expected.flatMap((earlier) => {
    const executor = now.get(identityOf(earlier));
    return executor === undefined ? [] : [{ earlier, executor }];
  });
  const missing = expected.filter((earlier) => !now.has(identityOf(earlier)));
  const unlinked = pairs.filter(({ executor }) => !isLinked(executor));
  const isOrphan = ({ earlier }: { earlier: Earlier }) => restarted && !earlier.checkpoint && !earlier.http;
  return {
    relinked: pairs.map(({ executor }) => executor).filter(isLinked),
    waiting: unlinked.filter((pair) => !isOrphan(pair)).map(({ executor }) => executor),
    lost: [
      ...missing.filter(({ checkpoint }) => checkpoint).map((earlier) => ({ ...earlier, why: 'its executor is gone' })),
      ...pairs.flatMap(({ earlier, executor }) => lossIn(earlier, executor, after.docker?.answers === true)),
    ],
    gone: missing.filter(({ checkpoint }) => !checkpoint),
    fresh: after.executors.filter((executor) => executor.standing !== 'unlinked' && !known.has(identityOf(executor))),
    unexpected: unlinked.filter(isOrphan).map(({ executor }) => executor),
  };
}

/** An executor that lives may have lost what it ran. */
function lossIn(earlier: Earlier, executor: Executor, dockerAnswers: boolean): readonly Loss[] {
  const container = dockerAnswers ? containerLoss(earlier, executor) : undefined;
  if (container !== undefined) return [{ ...earlier, why: container }];
  const states = executor.tasks && new Map(executor.tasks.map((task) => [task.id, task.state]));
  const ended = states === undefined ? [] : running(earlier).filter(({ id }) => states.get(id) !== RUNNING);
  if (ended.length === 0) return [];
  const said = ended.map(({ id }) => states?.get(id) ?? 'the agent does not know it');
  return [{ ...earlier, tasks: ended, why: `its executor lives, but the task does not run: ${said.join(', ')}` }];
}

const RUNNING = 'TASK_RUNNING';

function running({ tasks = [] }: Earlier): readonly Task[] {
  return tasks.filter(({ state }) => state === RUNNING);
}

/** A container that was started anew has kept its id. */
function containerLoss({ container: then }: Earlier, { container: now }: Executor): string | undefined {
  if (then === undefined) return undefined;
  if (now === undefined) return 'its container is gone';
  return now.id === then.id && now.startedAt === then.started_at ? undefined : 'its container was started anew';
}
