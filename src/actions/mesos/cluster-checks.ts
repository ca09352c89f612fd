import type { Check } from '../action.ts';
import type { Figures } from './masters.ts';

/** What the figures are compared with. `unread`: the masters could not be seen at the beginning. */
export type Baseline =
  | { readonly kind: 'none' }
  | { readonly kind: 'unread' }
  | { readonly kind: 'counted'; readonly figures: Omit<Figures, 'tasks_killed' | 'tasks_running'> };

/** How much worse a cluster may have become. */
export interface Allowed {
  readonly removals: number;
  readonly lost: number;
  readonly failed?: number | undefined;
  /** A number of agents, or a percentage of the baseline's. */
  readonly minActive?: number | string;
}

interface Judged {
  readonly checks: readonly Check[];
  /** What a reader of the figures should know. */
  readonly note: readonly string[];
}

/** Judges the cluster's figures against those of the beginning. */
export function judgeCluster(now: Figures, baseline: Baseline, allowed: Allowed): Judged {
  const leader: Check = { check: 'leader', passed: true, why: `${now.leader} is elected` };
  if (baseline.kind === 'none') return { checks: [leader], note: [] };
  if (baseline.kind === 'unread') {
    const note = ['the masters could not be read at the beginning: there is nothing to compare with'];
    return { checks: [leader], note };
  }
  const { figures } = baseline;
  const anew = beganAnew(now, figures);
  const from = anew ? ZERO : figures;
  const note = anew
    ? [
        `${now.leader} counts anew since the beginning (then ${figures.leader} led): judged from its 0, and what was counted before is not known`,
      ]
    : [];
  const worse = (check: string, counter: keyof typeof ZERO, most: number) =>
    grown(check, now[counter] - from[counter], most);
  const checks = [
    leader,
    worse('agents removed', 'removals', allowed.removals),
    worse('tasks lost', 'tasks_lost', allowed.lost),
    ...(allowed.failed === undefined ? [] : [worse('tasks failed', 'tasks_failed', allowed.failed)]),
    ...(allowed.minActive === undefined ? [] : [enough(now.active, allowed.minActive, figures.active)]),
  ];
  return { checks, note };
}

const ZERO = { removals: 0, tasks_lost: 0, tasks_failed: 0 };

/** The start of a master is worked out from two clocks and an answer that took its time. Seconds. */
const SLACK = 60;

/** Each master counts for itself, from its own start: another leader, or the same one restarted, begins at 0. */
function beganAnew(now: Figures, then: Omit<Figures, 'tasks_killed' | 'tasks_running'>): boolean {
  const counters = Object.keys(ZERO) as (keyof typeof ZERO)[];
  const fell = counters.some((counter) => now[counter] < then[counter]);
  return now.leader !== then.leader || now.started > then.started + SLACK || fell;
}

function grown(check: string, by: number, most: number): Check {
  return { check, passed: by <= most, why: `${by} since the beginning, ${most} allowed` };
}

function enough(active: number, least: number | string, before: number): Check {
  const wanted = typeof least === 'number' ? least : Math.ceil((Number.parseInt(least, 10) / 100) * before);
  return { check: 'agents active', passed: active >= wanted, why: `${active}, at least ${wanted} wanted` };
}
