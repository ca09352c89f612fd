import * as z from 'zod';
import type { ValueMap } from '../../source/value.ts';
import type { Action, Asked, Check, Decision, Probed, Result } from '../action.ts';
import { integer, number, parameters } from '../params.ts';
import { type Allowed, type Baseline, judgeCluster } from './cluster-checks.ts';
import { askMasters, type Figures, type Seen, wantOtherCredentials } from './masters.ts';
import { filesOfWay, wayOf, wayParams } from './way.ts';

const counted = z.looseObject(
  {
    readable: z.literal(true),
    leader: z.string(),
    started: z.number(),
    active: z.number(),
    removals: z.number(),
    tasks_lost: z.number(),
    tasks_failed: z.number(),
  },
  { error: 'must be what mesos_cluster registered' },
);
const unread = z.looseObject({ readable: z.literal(false) });

const params = parameters({
  ...wayParams,
  since: z
    .union([counted, unread], {
      error: 'must be what mesos_cluster registered at the beginning of the run (and was not skipped there)',
    })
    .describe(
      'What mesos_cluster registered at the beginning: what the figures are compared with. Without it: nothing.',
    )
    .optional(),
  allowed: z
    .strictObject({
      removals: integer('Agents that may have been removed since.').default(0),
      lost: integer('Tasks that may have been lost since.').default(0),
      failed: integer('Tasks that may have failed since; not judged if nothing is said.').optional(),
    })
    .prefault({})
    .describe('How much worse it may have become since: `removals` (0), `lost` (0), `failed` (any number).'),
  min_active: z
    .union([integer('Agents.'), z.string().regex(/^\d{1,3}%$/)], {
      error: 'must be a number of agents, or a percentage of those at the beginning such as "95%"',
    })
    .describe('Agents that must be active: a number, or a percentage of those that `since` counted.')
    .optional(),
  wait: number('Seconds to ask again while the answer is no.').default(0),
  unreadable: z
    .enum(['refuse', 'warn'])
    .describe('When the masters do not accept the credentials (HTTP 401 or 403): whether that is a no.')
    .default('refuse'),
});

type Params = z.output<typeof params>;

/** Between one question and the next. */
const PAUSE_MS = 5000;

export const mesosCluster: Action<Params, Seen> = {
  kind: 'host',
  name: 'mesos_cluster',
  summary:
    'Looks at the cluster between hosts: a leader is elected, and agents and tasks have not become fewer since the beginning.',
  params,
  effect: () => 'reads',
  localFiles: filesOfWay,
  probe,
  decide: (given, seen): Decision => ({ kind: 'settled', result: conclude(given, seen) }),
};

async function probe(given: Params, host: Asked): Promise<Probed<Seen>> {
  const way = await wayOf(given, host);
  if (!way.ok) return way;
  const until = host.clock.monotonic() + given.wait * 1000;
  for (;;) {
    const seen = await askMasters(way.facts, host);
    const leftMs = until - host.clock.monotonic();
    // Credentials do not heal by waiting.
    const isFinal = seen.kind === 'locked' || conclude(given, seen).refused !== true;
    if (isFinal || host.check || leftMs <= 0) return { ok: true, facts: seen };
    await host.clock.sleep(Math.min(PAUSE_MS, leftMs));
  }
}

function conclude(given: Params, seen: Seen): Result {
  switch (seen.kind) {
    case 'locked':
      return withoutCredentials(given, seen.said);
    case 'silent':
      return refusal([failedCheck('masters', `no master answers: ${seen.said}`)]);
    case 'leaderless':
      return refusal([failedCheck('leader', `no leader is elected: ${seen.said}`)]);
    case 'seen':
      return judged(given, seen.figures);
  }
}

function judged(given: Params, figures: Figures): Result {
  const { checks, note } = judgeCluster(figures, baselineOf(given), allowedBy(given));
  const found = { ...(figures as Figures & ValueMap), readable: true };
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length > 0) return { ...refusal(checks, note), ...found };
  const { leader, active, tasks_running } = figures;
  const told = [`${leader} leads ${active} active agents with ${tasks_running} running tasks`, ...note].join('; ');
  return { changed: false, ...found, checks, msg: told };
}

function baselineOf({ since }: Params): Baseline {
  if (since === undefined) return { kind: 'none' };
  return since.readable ? { kind: 'counted', figures: since } : { kind: 'unread' };
}

function allowedBy({ allowed, min_active }: Params): Allowed {
  return { ...allowed, ...(min_active === undefined ? {} : { minActive: min_active }) };
}

/** Says nothing about the cluster's health, and must not be mistaken for it. */
function withoutCredentials({ unreadable, token }: Params, said: string): Result {
  const why = wantOtherCredentials(said, token);
  const check = failedCheck('credentials', why);
  if (unreadable === 'refuse') return refusal([check]);
  return { changed: false, readable: false, checks: [check], msg: `WARNING: ${why}` };
}

function failedCheck(check: string, why: string): Check {
  return { check, passed: false, why };
}

function refusal(checks: readonly Check[], note: readonly string[] = []): Result {
  const no = checks.flatMap(({ passed, check, why }) => (passed ? [] : [`${check}: ${why}`]));
  return { changed: false, refused: true, checks, msg: [...no, ...note].join('; ') };
}
