import { foldHosts } from '../inventory/fold.ts';
import type { Batch, PlannedPlay } from '../plan/plan.ts';
import { duration } from '../source/duration.ts';
import { type Block, code, list, paragraph, plural, type Section, type Text } from './document.ts';
import type { Review } from './review.ts';
import { taskParts } from './tasks.ts';

/** Of each play: who comes when, what stops it, and what is done. */
export function playSections(review: Review): readonly Section[] {
  return review.plan.plays.flatMap((play) => [
    {
      title: `Play ${play.number}: ${play.name}`,
      blocks: [
        paragraph(pace(play)),
        ...asides(play),
        batchTable(play),
        paragraph('Nothing new is begun:'),
        ...list(budgets(play)),
      ],
    },
    {
      title: `Tasks of play ${play.number}, in their order`,
      blocks: [],
      parts: taskParts(play, review),
    },
  ]);
}

function pace({ strategy, forks, batches, pattern }: PlannedPlay): string {
  const how =
    strategy === 'host_pinned'
      ? 'each host goes through all tasks before another takes its place'
      : 'all hosts of a batch finish a task before the next one begins';
  return `Hosts of "${pattern}", ${plural(batches.length, 'batch', 'batches')} one after the other, at most ${plural(forks, 'host')} at a time; ${how}.`;
}

function asides({ estimateMs, pauseAfter, withoutEnd }: PlannedPlay): readonly Block[] {
  return [
    ...(estimateMs === undefined ? [] : [paragraph(`A host is expected to take ${duration(estimateMs)}.`)]),
    ...(pauseAfter === undefined ? [] : [paragraph(PAUSES[pauseAfter])]),
    ...(withoutEnd === undefined
      ? []
      : [paragraph(`In the order of the ledger as it was; it knew nothing of ${foldHosts(withoutEnd) || 'no host'}.`)]),
  ];
}

const PAUSES = {
  batch: 'After each batch it waits until somebody says to go on.',
  first_batch: 'After the first batch it waits until somebody says to go on.',
} as const;

/** More batches than this are summed up. */
const MOST_BATCHES = 20;

function batchTable({ batches }: PlannedPlay): Block {
  const shown = batches.length <= MOST_BATCHES ? batches : batches.slice(0, MOST_BATCHES - 1);
  const rest = batches.slice(shown.length);
  const restHosts = rest.flatMap(({ hosts }) => hosts);
  const sum: readonly Text[][] =
    rest.length === 0
      ? []
      : [[`${rest[0]?.number} to ${rest.at(-1)?.number}`, String(restHosts.length), '', code(foldHosts(restHosts))]];
  return {
    kind: 'table',
    head: ['Batch', 'Hosts', 'First', 'All'],
    rows: [...shown.map(batchRow), ...sum],
  };
}

function batchRow({ number, hosts }: Batch): readonly Text[] {
  return [String(number), String(hosts.length), code(hosts[0] ?? ''), code(foldHosts(hosts))];
}

/** In numbers of hosts: what "10%" comes to is not left to be worked out at night. */
function budgets({ maxFailPercentage, maxFailures, maxLost, batches }: PlannedPlay): readonly string[] {
  return [
    ...(maxFailures === undefined
      ? []
      : [
          `when ${plural(maxFailures + 1, 'host')} of the play ${have(maxFailures + 1)} failed (max_failures: ${maxFailures})`,
        ]),
    ...(maxFailPercentage === undefined ? [] : [percentage(maxFailPercentage, batches)]),
    ...(maxLost === undefined
      ? []
      : [
          `when ${maxLost + 1} of what is to be kept ${have(maxLost + 1)} been lost in the play (max_lost: ${maxLost})`,
        ]),
    'when every host of a batch has failed',
  ];
}

const have = (count: number) => (count === 1 ? 'has' : 'have');

function percentage(percent: number, batches: readonly Batch[]): string {
  const sizes = [...new Set(batches.map(({ hosts }) => hosts.length))];
  const figures = sizes.flatMap((size) => {
    const fatal = Math.floor((percent * size) / 100) + 1;
    return fatal > size ? [] : [`${fatal} of ${size}`];
  });
  const inHosts = figures.length === 0 ? 'which no batch can exceed' : `which is ${figures.join(', ')} hosts`;
  return `when more than ${percent}% of a batch have failed, ${inHosts} (max_fail_percentage)`;
}
