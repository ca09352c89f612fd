import { duration } from '../report/durations.ts';
import { paragraph, plural, type Section } from '../review/document.ts';
import type { Span, Timeline, TimelineRow } from '../review/timeline.ts';
import type { Account, HostAccount } from './account.ts';
import { moment } from './words.ts';

/** As many rows as can be read with their names, and fit on half a page. */
const MOST_ROWS = 40;

const LEGEND =
  'Thin: a step is taken. Thick: the host is in its window. ✕: it failed, was refused or could not be reached. Shaded from top to bottom: everything waited, or a break in which nobody ran it, drawn shorter than it was.';

/** Which host was at work, and in its window, when: all at once, and then so large that every name can be read. */
export function timelineSection(account: Account): readonly Section[] {
  const hosts = account.hosts.filter(({ steps }) => steps.length > 0).toSorted((a, b) => begin(a) - begin(b));
  if (hosts.length === 0) return [];
  const pieces = Array.from({ length: Math.ceil(hosts.length / MOST_ROWS) }, (_, index) =>
    hosts.slice(index * MOST_ROWS, (index + 1) * MOST_ROWS),
  );
  const pictures = pieces.length === 1 ? [] : pieces.map((piece) => pictureOf(piece, account));
  return [
    {
      title: 'Timeline',
      blocks: [
        paragraph(
          'Hosts in the order in which they were begun, and when each was at work and in its window. The same in figures stands under "Hosts and their times".',
        ),
        { kind: 'timeline', timeline: { ...pictureOf(hosts, account), legend: LEGEND } },
        ...pictures.map((timeline) => ({ kind: 'timeline' as const, timeline })),
      ],
    },
  ];
}

function begin({ steps }: HostAccount): number {
  return steps[0]?.from ?? 0;
}

function pictureOf(hosts: readonly HostAccount[], { legs, pauses }: Account): Timeline {
  const all = hosts.flatMap(({ steps, windows }) => [...steps, ...windows]);
  const from = all.reduce((least, span) => Math.min(least, span.from), Number.POSITIVE_INFINITY);
  const to = all.reduce((most, span) => Math.max(most, span.to), 0);
  const first = hosts[0]?.host ?? '';
  const names = hosts.length === 1 ? first : `${plural(hosts.length, 'host')}, ${first} to ${hosts.at(-1)?.host}`;
  return {
    title: `${names}: ${moment(from)} to ${moment(to)}`,
    description: describe(hosts, { from, to }),
    legs: within(legs, { from, to }),
    pauses: within(pauses, { from, to }),
    rows: hosts.map(rowOf),
  };
}

function rowOf({ host, standing, steps, windows }: HostAccount): TimelineRow {
  return {
    label: host,
    thin: steps,
    thick: windows,
    isBad: standing === 'failed' || standing === 'unreachable' || standing === 'refused',
  };
}

function within(spans: readonly Span[], { from, to }: Span): readonly Span[] {
  return spans.flatMap((span) => {
    const cut = { from: Math.max(span.from, from), to: Math.min(span.to, to) };
    return cut.to >= cut.from ? [cut] : [];
  });
}

function describe(hosts: readonly HostAccount[], { from, to }: Span): string {
  const windows = hosts.flatMap(({ host, windows: its }) =>
    its.map((span) => ({ host, ms: span.to - span.from, ...span })),
  );
  const longest = windows.toSorted((a, b) => b.ms - a.ms)[0];
  const bad = hosts.filter((host) => rowOf(host).isBad).length;
  return [
    `${plural(hosts.length, 'host')} at work from ${moment(from)} to ${moment(to)}, ${duration(to - from)}.`,
    longest === undefined
      ? 'None was in a window.'
      : `${plural(windows.length, 'window')}, at most ${mostAtOnce(windows)} at once; the longest on ${longest.host}, ${duration(longest.ms)}.`,
    bad === 0
      ? 'None failed, was refused or could not be reached.'
      : `${plural(bad, 'host')} failed, was refused or could not be reached.`,
  ].join(' ');
}

function mostAtOnce(spans: readonly Span[]): number {
  const turns = spans
    .flatMap(({ from, to }) => [[from, 1] as const, [to, -1] as const])
    .sort(([a, up], [b, down]) => a - b || up - down);
  let open = 0;
  let most = 0;
  for (const [, turn] of turns) {
    open += turn;
    most = Math.max(most, open);
  }
  return most;
}
