import { standings } from '../journal/derived.ts';
import type { Progress } from '../journal/progress.ts';
import { type RecapOptions, recapOf } from './recap.ts';

/** What `summary.json` holds: the recap of a run for programs. */
export function summaryOf(progress: Progress, options: RecapOptions): object {
  const recap = recapOf(progress, options);
  return {
    version: 1,
    run: recap.run,
    plan: progress.run?.plan,
    playbook: progress.run?.playbook,
    ...(recap.isDryRun ? { check: true } : {}),
    exitCode: recap.finished?.exitCode,
    reason: recap.finished?.reason,
    startedAt: progress.run?.at,
    resumedAt: progress.resumedAt,
    finishedAt: progress.finished?.at,
    ms: recap.ms,
    hosts: hostsOf(progress, options),
    failed: recap.failures,
    refused: recap.refusals,
    unknown: recap.unknown,
    openWindows: recap.windows,
    stops: progress.stops.map(({ scope, why, reason, at }) => ({ scope, why, reason, at })),
    ...(recap.forecast === undefined ? {} : { forecast: recap.forecast }),
    orders: progress.orders,
    ...(recap.resume === undefined ? {} : { resume: recap.resume }),
  };
}

/** Hosts that failed, were not reached, were turned away or are not through, in the order of the plan. */
export function hostsNotDone(progress: Progress, { plan }: RecapOptions): readonly string[] {
  return [...standings(progress, plan)].flatMap(([host, outcome]) =>
    outcome === 'ok' || outcome === 'changed' ? [] : [host],
  );
}

function hostsOf(progress: Progress, { plan }: RecapOptions): object {
  const none = { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 0, refused: 0 };
  const entries = [...standings(progress, plan)].map(([name, outcome]) => {
    return [name, { outcome, steps: progress.hosts.get(name)?.counts ?? none }] as const;
  });
  return Object.fromEntries(entries);
}
