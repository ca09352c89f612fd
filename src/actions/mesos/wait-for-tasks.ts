import * as z from 'zod';
import type { ValueMap } from '../../source/value.ts';
import type { Action, Asked, Decision, Probed } from '../action.ts';
import { span } from '../ledger/params.ts';
import { parameters, path } from '../params.ts';
import { askTasks, type MasterTask, type ToldTasks } from './master-tasks.ts';
import { type Way, wantOtherCredentials } from './masters.ts';
import { keepRemedies, remedyFile } from './remedy.ts';
import { successors, tableOf, whatBecameOf, wordsFor } from './returned.ts';
import { filesOfWay, wayOf, wayParams } from './way.ts';

const lostTask = z.looseObject({
  task_id: z.string(),
  name: z.string(),
  framework: z.string(),
  last_seen: z.iso.datetime(),
});

const params = parameters({
  tasks: z
    .array(lostTask, { error: 'must be a list of tasks, as mesos_verify registers it in `remedy`' })
    .describe('The tasks to wait for: what mesos_verify registered as `remedy`.'),
  ...wayParams,
  wait: span('How long to wait for them, such as `10m`.'),
  dest: path('A folder on the bastion for HOST.remedy.json, with what became of each task.').optional(),
});

type Params = z.output<typeof params>;

type Trouble = Exclude<ToldTasks, { kind: 'told' }>;

interface Facts {
  /** The last answer that told of tasks; absent where none did. */
  readonly tasks?: readonly MasterTask[];
  /** Why the last question got no such answer. */
  readonly trouble?: Trouble;
  readonly waitedMs: number;
  /** On the bastion. */
  readonly dest?: string;
}

/** Between one question and the next. */
const PAUSE_MS = 5000;

export const mesosWaitForTasks: Action<Params, Facts> = {
  kind: 'host',
  name: 'mesos_wait_for_tasks',
  summary: 'Waits until the schedulers of lost tasks have started others in their place, and tells where.',
  params,
  effect: () => 'reads',
  localFiles: filesOfWay,
  probe,
  decide,
};

async function probe(given: Params, host: Asked): Promise<Probed<Facts>> {
  const way = await wayOf(given, host);
  if (!way.ok) return way;
  const seen = await waited(given, way.facts, host);
  return { ok: true, facts: given.dest === undefined ? seen : { ...seen, dest: remedyFile(given.dest, host) } };
}

async function waited(given: Params, way: Way, host: Asked): Promise<Facts> {
  const begun = host.clock.monotonic();
  let tasks: readonly MasterTask[] | undefined;
  for (;;) {
    const told = given.tasks.length === 0 ? NOBODY : await askTasks(way, host);
    if (told.kind === 'told') tasks = told.tasks;
    const waitedMs = host.clock.monotonic() - begun;
    const leftMs = given.wait - waitedMs;
    // Credentials do not heal by waiting.
    const isFinal = told.kind === 'locked' || (told.kind === 'told' && areBack(given, told.tasks));
    if (isFinal || host.check || leftMs <= 0)
      return { waitedMs, ...(tasks && { tasks }), ...(told.kind === 'told' ? {} : { trouble: told }) };
    await host.clock.sleep(Math.min(PAUSE_MS, leftMs));
  }
}

const NOBODY: ToldTasks = { kind: 'told', tasks: [] };

function areBack({ tasks }: Params, now: readonly MasterTask[]): boolean {
  return successors(tasks, now).every((task) => task !== undefined);
}

function decide({ tasks: lost, token }: Params, { tasks, trouble, waitedMs, dest }: Facts): Decision {
  const awaited = tasks === undefined ? lost : whatBecameOf(lost, tasks);
  const msg = [...(trouble === undefined ? [] : [troubleOf(trouble, token)]), ...wordsFor(awaited, waitedMs)].join(
    '; ',
  );
  const result = { changed: false, remedy: awaited as readonly ValueMap[], table: tableOf(awaited), msg };
  return dest === undefined ? { kind: 'settled', result } : keepRemedies(result, dest);
}

/** It says nothing about the tasks, and must not be mistaken for it. */
function troubleOf({ kind, said }: Trouble, token: string | undefined): string {
  return `WARNING: ${kind === 'locked' ? wantOtherCredentials(said, token) : `the masters do not tell of tasks: ${said}`}`;
}
