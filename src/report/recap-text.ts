import { foldHosts } from '../inventory/fold.ts';
import type { Standing } from '../journal/derived.ts';
import { duration } from './durations.ts';
import type { Paint } from './paint.ts';
import { printableLine } from './printable.ts';
import { type Failure, grouped, type Recap } from './recap.ts';

/** More than these are counted; all of them stand in summary.json. */
const MOST_GROUPS = 20;

const ORDER: readonly (readonly [Standing, keyof Paint, string])[] = [
  ['ok', 'good', 'ok'],
  ['changed', 'changed', 'changed'],
  ['failed', 'bad', 'failed'],
  ['unreachable', 'bad', 'unreachable'],
  ['refused', 'bad', 'refused'],
  ['unfinished', 'strong', 'unfinished'],
  ['not_started', 'faint', 'not started'],
];

/** The recap, for people, as lines that a terminal may wrap: what stands here must not be cut. */
export function recapLines(recap: Recap, paint: Paint): readonly string[] {
  return [
    headline(recap, paint),
    ...(recap.isDryRun
      ? [paint.strong('DRY RUN: hosts were asked; nothing was done, and nothing is to be gone on with.')]
      : []),
    ...ORDER.flatMap(([standing, colour, name]) =>
      hostsLine(recap, standing, recap.isDryRun && standing === 'changed' ? 'would change' : name, paint[colour]),
    ),
    ...section('Failed', failureLines(recap.failures.filter(({ status }) => status === 'failed')), paint.bad),
    ...section('Unreachable', failureLines(recap.failures.filter(({ status }) => status === 'unreachable')), paint.bad),
    ...section('Refused', refusalLines(recap), paint.bad),
    ...section('Begun, and nobody knows whether it took', unknownLines(recap), paint.bad),
    ...section('Windows still open', windowLines(recap), paint.urgent),
    ...section(
      'Stopped',
      recap.stops.map((reason) => `  ${printableLine(reason)}`),
      paint.strong,
    ),
    ...section(
      'Said by hand',
      recap.orders.map((order) => `  ${printableLine(order)}`),
      paint.strong,
    ),
    ...(recap.forecast === undefined ? [] : ['', `Forecast: ${recap.forecast}`]),
    ...(recap.resume === undefined ? [] : ['', `To go on: ${paint.strong(recap.resume)}`]),
  ];
}

function headline(recap: Recap, paint: Paint): string {
  const { finished } = recap;
  const end = finished === undefined ? 'not finished' : `${finished.reason} (exit code ${finished.exitCode})`;
  const colour = finished?.exitCode === 0 ? paint.good : paint.bad;
  return `${paint.strong(`Run ${recap.run}`)}: ${count(recap.hosts.size)} in ${duration(recap.ms)}: ${colour(end)}`;
}

function count(hosts: number): string {
  return hosts === 1 ? '1 host' : `${hosts} hosts`;
}

function hostsLine(
  recap: Recap,
  standing: Standing,
  name: string,
  colour: (text: string) => string,
): readonly string[] {
  const names = [...recap.hosts].filter(([, came]) => came === standing).map(([host]) => host);
  if (names.length === 0) return [];
  return [`  ${colour(name.padEnd(11))} ${String(names.length).padStart(4)}  ${printableLine(foldHosts(names))}`];
}

function section(title: string, lines: readonly string[], colour: (text: string) => string): readonly string[] {
  return lines.length === 0 ? [] : ['', colour(`${title}:`), ...lines];
}

function failureLines(failures: readonly Failure[]): readonly string[] {
  const groups = grouped(failures, ({ task, reason }) => JSON.stringify([task, reason]));
  const lines = groups
    .slice(0, MOST_GROUPS)
    .flatMap(({ hosts, count: alike, first }) => [
      `  ${printableLine(hosts)}: ${printableLine(first.task)}: ${printableLine(first.reason)}`,
      `      ${first.log}${alike === 1 ? '' : ` and ${alike - 1} more beside it`}`,
    ]);
  return [...lines, ...more(groups.length)];
}

function refusalLines(recap: Recap): readonly string[] {
  const groups = grouped(recap.refusals, ({ reason }) => reason);
  const lines = groups
    .slice(0, MOST_GROUPS)
    .map(({ hosts, first }) => `  ${printableLine(hosts)}: ${printableLine(first.reason)}`);
  return [...lines, ...more(groups.length)];
}

function unknownLines(recap: Recap): readonly string[] {
  const groups = grouped(recap.unknown, ({ task }) => task);
  const lines = groups.slice(0, MOST_GROUPS).map(({ hosts, first }) => {
    return `  ${printableLine(hosts)}: ${printableLine(first.task)}, since ${first.since}`;
  });
  return [...lines, ...more(groups.length)];
}

function windowLines(recap: Recap): readonly string[] {
  return recap.windows.map(
    ({ host, window, since }) => `  ${printableLine(host)}: ${printableLine(window)}, since ${since}`,
  );
}

function more(groups: number): readonly string[] {
  return groups <= MOST_GROUPS ? [] : [`  … and ${groups - MOST_GROUPS} kinds more; all of them stand in summary.json`];
}
