import * as z from 'zod';
import type { ValueMap } from '../../source/value.ts';
import type { Grounds } from '../action.ts';
import { identityOf } from './facts.ts';

const executor = z.object({
  pid: z.number(),
  start: z.number(),
  id: z.string(),
  container: z.object({ id: z.string(), started_at: z.string() }).optional(),
  tasks: z.array(z.object({ name: z.string() })).optional(),
});

const seen = z.object({
  clock: z.object({ boot_id: z.string().optional() }),
  agent: z.object({
    unit: z.string(),
    instance: z.string(),
    version: z.string().optional(),
    id: z.string().optional(),
  }),
  http: z.object({ version: z.string().optional() }),
  executors: z.array(executor),
});

type Seen = z.output<typeof seen>;
type Executor = z.output<typeof executor>;

/** Ages, links and the states of tasks are not held to: they change while nothing happens. */
export const captureGrounds: Grounds = {
  of: (result) => seen.parse(result) as ValueMap,
  compare: (before, after) => {
    const [then, now] = [seen.parse(before), seen.parse(after)];
    return { against: [...ofTheAgent(then, now), ...ofExecutors(then, now)], news: fresh(then, now) };
  },
};

function ofTheAgent(then: Seen, now: Seen): readonly string[] {
  return [
    ...differing('the boot id', then.clock.boot_id, now.clock.boot_id),
    ...differing("the agent's unit", then.agent.unit, now.agent.unit),
    ...differing("the agent's version on disk", then.agent.version, now.agent.version),
    // Who does not answer for a moment is no other for that.
    ...(now.http.version === undefined
      ? []
      : differing("the running agent's version", then.http.version, now.http.version)),
    ...differing("the agent's id", then.agent.id, now.agent.id),
    ...differing("the agent's start (boot/pid/ticks)", then.agent.instance, now.agent.instance),
  ];
}

/** What nobody knew then, nobody approved. */
function differing(what: string, then: string | undefined, now: string | undefined): readonly string[] {
  return !then || then === now ? [] : [`${what} was ${then}, and is ${now || 'not known'}`];
}

function ofExecutors(then: Seen, now: Seen): readonly string[] {
  return then.executors.flatMap((executor) => {
    const found = now.executors.find((other) => identityOf(other) === identityOf(executor));
    return found === undefined ? [gone(executor, now)] : containerDrift(executor, found);
  });
}

function gone(executor: Executor, now: Seen): string {
  const next = now.executors.find(({ id }) => id === executor.id);
  const became = next === undefined ? 'is gone' : `is ${processOf(next)}`;
  return `executor "${executor.id}"${withTasks(executor)} was ${processOf(executor)}, and ${became}`;
}

function processOf({ pid, start }: Executor): string {
  return `pid ${pid} (began at tick ${start})`;
}

function withTasks({ tasks = [] }: Executor): string {
  return tasks.length === 0 ? '' : ` with ${tasks.map(({ name }) => `"${name}"`).join(', ')}`;
}

/** Docker may be silent for a moment: then nobody can tell. */
function containerDrift({ id, container: then }: Executor, { container: now }: Executor): readonly string[] {
  if (then === undefined || now === undefined) return [];
  const [before, after] = [then, now].map((each) => `${each.id}, started at ${each.started_at}`);
  return differing(`the container of executor "${id}"`, before, after);
}

function fresh(then: Seen, now: Seen): readonly string[] {
  const known = new Set(then.executors.map(({ id }) => id));
  return now.executors
    .filter(({ id }) => !known.has(id))
    .map((executor) => `executor "${executor.id}" (pid ${executor.pid})${withTasks(executor)}`);
}
