import { foldHosts } from '../inventory/fold.ts';
import { duration } from '../report/durations.ts';
import { grouped } from '../report/recap.ts';
import { type Block, code, type Fact, facts, list, paragraph, plural, type Section } from '../review/document.ts';
import type { Account } from './account.ts';
import { moment, STANDINGS } from './words.ts';

/** What came of it, in a glance; and what must not be overlooked. */
export function headSection(account: Account): Section {
  const { status, plan, observed, rollgate, legs, departures } = account;
  const about = facts(
    ['Run', code(status.run)],
    ['Plan', code(plan)],
    observed === undefined ? undefined : ['With what the hosts said', code(observed)],
    ['Playbook', code(status.playbook)],
    ['Outcome', stateOf(account)],
    ['Begun', status.startedAt === undefined ? 'not yet' : moment(status.startedAt)],
    status.finished === undefined ? ['Last heard of', moment(status.at ?? '')] : ['Ended', moment(status.finished.at)],
    ['Took', tookText(account)],
    ['By', [...new Set(legs.map(({ operator, bastion }) => `${operator} on ${bastion}`))].join(', ')],
    ['rollgate', rollgate],
    ...STANDINGS.flatMap(([standing, word]): readonly Fact[] => {
      const hosts = account.hosts.filter((host) => host.standing === standing).map(({ host }) => host);
      return hosts.length === 0 ? [] : [[`Hosts ${word}`, `${hosts.length}: ${foldHosts(hosts)}`]];
    }),
    ['Lost', status.lost.length === 0 ? 'nothing' : String(status.lost.length)],
  );
  return { title: 'In short', blocks: [about, ...notOver(account), ...agreement(departures)] };
}

export function stateOf({ status }: Account): string {
  const { state, finished, paused } = status;
  if (state === 'running') return paused === undefined ? 'under way' : 'under way, and paused';
  if (finished === undefined) return state === 'pending' ? 'not begun' : 'broken off';
  return `${finished.reason} (exit code ${finished.exitCode})`;
}

function tookText({ status, legs }: Account): string {
  const worked = legs.reduce((sum, { from, to }) => sum + to - from, 0);
  const breaks = plural(legs.length - 1, 'break');
  return legs.length < 2
    ? duration(status.ms)
    : `${duration(status.ms)}, ${duration(worked)} of it under way, with ${breaks}`;
}

const NOT_OVER = {
  running: 'the run is under way: this is where it stands, not what it came to.',
  broken_off:
    'the run broke off, and nobody runs it: this is where it stood. Steps that had begun may have taken, or not.',
} as const;

function notOver({ status }: Account): readonly Block[] {
  const { state, windows, unknown, next } = status;
  const warnings = [
    ...(state === 'running' || state === 'broken_off' ? [NOT_OVER[state]] : []),
    ...(windows.length === 0
      ? []
      : [
          `${plural(windows.length, 'window is', 'windows are')} open: ${onHosts(windows, ({ window }) => `"${window}"`)}.`,
        ]),
    ...(unknown.length === 0
      ? []
      : [`nobody knows whether these took: ${onHosts(unknown, ({ task }) => `"${task}"`)}.`]),
  ];
  const steps =
    state === 'complete' || next.length === 0 ? [] : [paragraph('What may be typed now:'), ...list(next.map(code))];
  return [...warnings.map((text): Block => ({ kind: 'warning', text })), ...steps];
}

function onHosts<T extends { readonly host: string }>(items: readonly T[], label: (item: T) => string): string {
  return grouped(items, label)
    .map(({ hosts, first }) => `${label(first)} on ${hosts}`)
    .join(', ');
}

/** More of them than this are counted. */
const MOST_DEPARTURES = 40;

function agreement(departures: Account['departures']): readonly Block[] {
  if (departures.length === 0)
    return [
      paragraph(
        'Plan and journal agree: every step that was taken stands in the plan, in its order; every step that was planned was taken, or it is said below why not.',
      ),
    ];
  const shown = departures
    .slice(0, MOST_DEPARTURES)
    .map(({ host, task, taskId, what }) => `${host}: "${task}" (${taskId}) ${what}`);
  const more = departures.length - shown.length;
  return [
    { kind: 'warning', text: 'plan and journal do not agree:' },
    ...list([...shown, ...(more > 0 ? [`and ${more} more`] : [])]),
  ];
}
