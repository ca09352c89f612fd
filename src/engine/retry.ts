import type { Actor, HostOrder } from '../journal/event.ts';
import type { Progress, StepProgress } from '../journal/progress.ts';
import type { Plan } from '../plan/plan.ts';
import { runsOnce } from './history.ts';

/** What hosts may have come to that are to try again. */
export type Retried = 'failed' | 'unreachable';

/** The orders that let hosts try again where they failed, in the order of the plan; with `only`, as far as these are concerned. */
export function retries(
  kinds: ReadonlySet<Retried>,
  plan: Pick<Plan, 'plays'>,
  progress: Progress,
  by: Actor,
  only?: ReadonlySet<string>,
): readonly HostOrder[] {
  return plan.plays.flatMap((play) =>
    play.batches.flatMap((batch) =>
      batch.hosts.flatMap((host): HostOrder[] => {
        const step = lastFailure(progress, host);
        if (step?.playNumber !== play.number || !isOneOf(kinds, step)) return [];
        const task = play.tasks.find(({ id }) => id === step.taskId);
        const concerned = task !== undefined && runsOnce(task) ? batch.hosts : [host];
        if (only !== undefined && !concerned.some((each) => only.has(each))) return [];
        const reason = `resumed with --retry-${step.status}`;
        return [
          { type: 'host_retried', play: play.name, playNumber: play.number, batch: batch.number, host, reason, by },
        ];
      }),
    ),
  );
}

function lastFailure({ hosts, steps }: Progress, host: string): StepProgress | undefined {
  const last = [...(hosts.get(host)?.failures ?? [])].at(-1);
  return last === undefined ? undefined : steps.get(last);
}

function isOneOf(kinds: ReadonlySet<string>, { status }: StepProgress): boolean {
  return kinds.has(status);
}
