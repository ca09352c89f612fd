import type { Effect } from '../actions/action.ts';
import { foldHosts } from '../inventory/fold.ts';
import type { PlanOptions } from '../plan/plan.ts';
import { type Block, code, type Fact, facts, list, plural, type Section } from './document.ts';
import type { Review } from './review.ts';
import { observedId } from './saved.ts';
import { effectsOf } from './tasks.ts';

/** What it is, in a glance; and what a reviewer must not overlook. */
export function headSection(review: Review): Section {
  const { plan, made, observed, since } = review;
  const about = facts(
    ['Plan', code(plan.id)],
    observed === undefined ? undefined : ['With what the hosts said', code(observedId(plan, observed))],
    made.ticket === undefined ? undefined : ['Ticket', made.ticket],
    hoursOf(plan.options),
    ['Playbook', code(plan.playbook)],
    ['Made', `${made.at} by ${made.by} on ${made.on}, in ${made.folder}`],
    ['rollgate', made.rollgate],
    ...plan.plays.map((play): Fact => {
      const hosts = play.batches.flatMap((batch) => batch.hosts);
      return [`Play ${play.number}`, `${plural(hosts.length, 'host')}: ${foldHosts(hosts)}`];
    }),
    ['Tasks', countedEffects(review)],
  );
  const changed: readonly Block[] =
    since.length === 0 ? [] : [{ kind: 'warning', text: 'this has changed since the plan was made:' }, ...list(since)];
  return { title: 'In short', blocks: [about, ...changed, ...missing(review), ...uncommitted(review)] };
}

/** When hosts may be begun. */
function hoursOf({ notBefore, notAfter }: PlanOptions): Fact | undefined {
  if (notBefore === undefined && notAfter === undefined) return undefined;
  const from = notBefore === undefined ? [] : [`not before ${notBefore}`];
  const to = notAfter === undefined ? [] : [`none after ${notAfter}; those under way come to their end`];
  return ['Hosts are begun', [...from, ...to].join(', ')];
}

const EFFECTS: readonly (readonly [Effect, string])[] = [
  ['reads', 'only read'],
  ['probed', 'change something, and the host can tell whether they took'],
  ['opaque', 'change something, and nothing can tell whether they took'],
];

function countedEffects(review: Review): string {
  const all = review.plan.plays.flatMap(({ tasks }) => tasks.map((task) => effectsOf(task, review)));
  return EFFECTS.flatMap(([effect, what]) => {
    const count = all.filter((worst) => worst === effect).length;
    return count === 0 ? [] : [`${count} ${what}`];
  }).join('; ');
}

function missing({ made }: Review): readonly Block[] {
  if (made.missing.length === 0) return [];
  const text =
    'tasks read these files, which were not there when the plan was made; a run of it is refused when they have come since:';
  return [{ kind: 'warning', text }, ...list(made.missing.map(code))];
}

function uncommitted({ plan, made }: Review): readonly Block[] {
  const committed = new Set(made.repositories.flatMap((repository) => repository.committed));
  const files = new Set(plan.inputs.filter(({ path }) => !committed.has(path)).map(({ path }) => path));
  if (files.size === 0) return [];
  const text = `${plural(files.size, 'file')} that the plan rests on ${files.size === 1 ? 'is' : 'are'} not in git as it stands here; see below.`;
  return [{ kind: 'warning', text }];
}
