import { foldHosts, groupBy } from '../inventory/fold.ts';
import { duration } from '../report/durations.ts';
import { type Block, code, list, paragraph, plural, type Section, type Text } from '../review/document.ts';
import type { Account, HostAccount } from './account.ts';
import type { WindowSpan } from './spans.ts';
import { moment, standingWord } from './words.ts';

/** Hosts that did not go through, those alike together, with the reason. */
export function troubleSection(account: Account): readonly Section[] {
  const { status, warnings } = account;
  const reasons = [
    ...status.failures.map(({ host, status: what, task, reason }) => ({
      host,
      what: what === 'failed' ? 'failed' : 'unreachable',
      task,
      reason,
    })),
    ...status.refusals.map(({ host, reason }) => ({ host, what: 'refused', task: '', reason })),
  ];
  const rows = [...groupBy(reasons, ({ what, task, reason }) => JSON.stringify([what, task, reason])).values()].map(
    rowOf,
  );
  const blocks: readonly Block[] = [
    ...(rows.length === 0 ? [] : [{ kind: 'table' as const, head: ['Hosts', 'Count', 'Came to', 'At', 'Why'], rows }]),
    ...listed('Stopped, because:', status.stops),
    ...listed(
      'Warnings:',
      warnings.map(({ host, message }) => (host === undefined ? message : `${host}: ${message}`)),
    ),
  ];
  return blocks.length === 0 ? [] : [{ title: 'What did not go well, and why', blocks }];
}

function rowOf(
  alike: readonly { readonly host: string; readonly what: string; readonly task: string; readonly reason: string }[],
): readonly Text[] {
  const [{ what, task, reason } = { what: '', task: '', reason: '' }] = alike;
  return [code(foldHosts(alike.map(({ host }) => host))), String(alike.length), what, task, reason];
}

function listed(title: string, items: readonly string[]): readonly Block[] {
  return items.length === 0 ? [] : [paragraph(title), ...list(items)];
}

/** Every host with its times: what the pictures show, in figures. */
export function hostsSection({ hosts }: Account): Section {
  const begun = hosts.filter(({ steps }) => steps.length > 0);
  const rest = hosts.filter(({ steps }) => steps.length === 0).map(({ host }) => host);
  return {
    title: 'Hosts and their times',
    blocks: [
      ...(begun.length === 0
        ? []
        : [
            {
              kind: 'table' as const,
              head: ['Host', 'Came to', 'Begun', 'Ended', 'Took', 'In its window'],
              rows: begun.map(hostRow),
            },
          ]),
      ...(rest.length === 0
        ? []
        : [paragraph(`Nothing was done on ${plural(rest.length, 'host')}: ${foldHosts(rest)}.`)]),
    ],
  };
}

function hostRow({ host, standing, steps, windows }: HostAccount): readonly Text[] {
  const from = steps[0]?.from ?? 0;
  const to = Math.max(...steps.map((span) => span.to));
  return [
    code(host),
    standingWord(standing),
    moment(from),
    moment(to),
    duration(to - from),
    windows.map(windowText).join('; ') || 'in none',
  ];
}

/** From when until when, and what of its deadline was left. */
function windowText({ window, from, to, lengthMs, isOpen }: WindowSpan): string {
  const left = lengthMs === undefined ? undefined : lengthMs - (to - from);
  const limit =
    left === undefined ? '' : left < 0 ? `, ${duration(-left)} OVER its length` : `, ${duration(left)} left`;
  return `${window}: ${moment(from).slice(11)} to ${isOpen ? 'now, still open' : moment(to).slice(11)}, ${duration(to - from)}${limit}`;
}
