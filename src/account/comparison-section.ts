import { foldHosts, groupBy } from '../inventory/fold.ts';
import { type Block, code, paragraph, plural, type Section, type Text } from '../review/document.ts';
import type { Account } from './account.ts';
import type { Comparison } from './found.ts';

/** More than these are summed up; every one of them stands in its host's log and in the JSON form. */
const MOST_TABLES = 20;

/** Before and after, as the steps that compare them saw it; the rarest outcomes first. */
export function comparisonSection({ comparisons }: Account): readonly Section[] {
  if (comparisons.length === 0) return [];
  const groups = [
    ...groupBy(comparisons, (each) => JSON.stringify([each.task, Object.keys(each.became)])).values(),
  ].sort((a, b) => a.length - b.length);
  const shown = groups.flat().slice(0, MOST_TABLES);
  const left = comparisons.length - shown.length;
  const more =
    left === 0
      ? []
      : [
          paragraph(
            `… and on ${plural(left, 'host')} more; the JSON form of this report and the hosts' logs hold all of them.`,
          ),
        ];
  return [
    {
      title: 'Before and after',
      blocks: [summary(groups), ...more],
      parts: shown.map(({ host, task, lines }) => ({
        title: `${host}: ${task}`,
        blocks: [{ kind: 'code', text: lines.join('\n'), columns: true }],
      })),
    },
  ];
}

function summary(groups: readonly (readonly Comparison[])[]): Block {
  const rows = groups.map((alike): readonly Text[] => [
    alike[0]?.task ?? '',
    becameText(alike),
    String(alike.length),
    code(foldHosts(alike.map(({ host }) => host))),
  ]);
  return { kind: 'table', head: ['Compared by', 'What became of what was there', 'On', 'Hosts'], rows };
}

function becameText(alike: readonly Comparison[]): string {
  const all = alike.flatMap(({ became }) => Object.entries(became));
  const sums = [...groupBy(all, ([word]) => word)].map(
    ([word, counts]) => `${counts.reduce((sum, [, count]) => sum + count, 0)} ${word}`,
  );
  return sums.join(', ') || 'nothing was there';
}
