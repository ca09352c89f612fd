import { foldHosts, groupBy } from '../inventory/fold.ts';
import { duration, msBetween } from '../report/durations.ts';
import { type Block, code, facts, plural, type Section, type Text } from '../review/document.ts';
import type { Account, BatchAccount, PlayAccount } from './account.ts';
import type { StepAccount } from './steps.ts';
import { moment } from './words.ts';

/** Of each play what was planned beside what happened: its pace, its batches, its tasks. */
export function planSections({ plays }: Account): readonly Section[] {
  return plays.map((play) => ({
    title: `Play ${play.number}, ${play.name}: planned, and what happened`,
    blocks: [paceFacts(play), taskTable(play), batchTable(play.batches)],
  }));
}

function paceFacts({ estimateMs, hosts, batches }: PlayAccount): Block {
  const took = hosts.flatMap(({ host, steps }) => {
    const ms = steps.reduce((sum, step) => sum + (step.ms ?? 0), 0);
    return ms === 0 ? [] : [{ host, ms }];
  });
  return facts(
    ['Planned', `${plural(hosts.length, 'host')} in ${plural(batches.length, 'batch', 'batches')}`],
    estimateMs === undefined ? undefined : ['Expected for a host', duration(estimateMs)],
    took.length === 0 ? undefined : ['Steps of a host took', spread(took)],
  );
}

function spread(took: readonly { readonly host: string; readonly ms: number }[]): string {
  const sorted = took.toSorted((a, b) => a.ms - b.ms);
  const middle = sorted[Math.floor(sorted.length / 2)]?.ms ?? 0;
  const longest = sorted.at(-1);
  return `${duration(middle)} in the middle, at most ${duration(longest?.ms ?? 0)} (${longest?.host})`;
}

interface Taken {
  readonly host: string;
  readonly step: StepAccount;
}

function taskTable({ tasks, hosts }: PlayAccount): Block {
  const all: readonly Taken[] = hosts.flatMap(({ host, steps }) => steps.map((step) => ({ host, step })));
  const byTask = groupBy(all, ({ step }) => step.taskId);
  const rows = tasks.map(({ id, name, action }, index): readonly Text[] => {
    const its = byTask.get(id) ?? [];
    const timed = its.flatMap(({ host, step }) => (step.ms === undefined ? [] : [{ host, ms: step.ms }]));
    return [String(index + 1), name, action, outcomes(its), notTaken(its), timed.length === 0 ? '' : spread(timed)];
  });
  return { kind: 'table', head: ['No.', 'Task', 'Action', 'Taken', 'Not taken', 'Time on a host'], rows };
}

function outcomes(taken: readonly Taken[]): string {
  const groups = groupBy(
    taken.filter(({ step }) => step.outcome !== 'not_taken'),
    ({ step }) => outcomeWord(step),
  );
  return [...groups].map(([word, alike]) => `${alike.length} ${word}`).join(', ') || 'nowhere';
}

export function outcomeWord({ outcome, isForced, isForgiven }: StepAccount): string {
  if (outcome === 'begun') return 'begun';
  return `${outcome === 'not_taken' ? 'not taken' : outcome}${isForced ? ', by order' : ''}${isForgiven ? ', forgiven' : ''}`;
}

/** More reasons than this are counted. */
const MOST_REASONS = 4;

function notTaken(taken: readonly Taken[]): string {
  const left = taken.filter(({ step }) => step.outcome === 'not_taken');
  const reasons = [...groupBy(left, ({ step }) => step.why ?? 'nothing says why')];
  const shown = reasons
    .slice(0, MOST_REASONS)
    .map(([why, alike]) => `${alike.length} (${foldHosts(alike.map(({ host }) => host))}): ${why}`);
  const more = reasons.slice(MOST_REASONS).reduce((sum, [, alike]) => sum + alike.length, 0);
  return [...shown, ...(more === 0 ? [] : [`${more} for other reasons`])].join('; ');
}

/** More batches than this stand only in the JSON form. */
const MOST_BATCHES = 40;

function batchTable(batches: readonly BatchAccount[]): Block {
  const shown = batches.slice(0, MOST_BATCHES).map(batchRow);
  const rest = batches.slice(MOST_BATCHES).flatMap(({ hosts }) => hosts);
  const more: readonly (readonly Text[])[] =
    rest.length === 0 ? [] : [['later ones', String(rest.length), code(foldHosts(rest)), '', '', '']];
  return { kind: 'table', head: ['Batch', 'Hosts', 'Planned', 'Begun', 'Ended', 'Took'], rows: [...shown, ...more] };
}

function batchRow({ number, hosts, startedAt, finishedAt }: BatchAccount): readonly Text[] {
  return [
    String(number),
    String(hosts.length),
    code(foldHosts(hosts)),
    startedAt === undefined ? 'not begun' : moment(startedAt),
    finishedAt === undefined ? (startedAt === undefined ? '' : 'not ended') : moment(finishedAt),
    startedAt === undefined || finishedAt === undefined ? '' : duration(msBetween(startedAt, finishedAt)),
  ];
}
