import { groupBy } from '../inventory/fold.ts';
import { type Block, code, list, paragraph, plural, type Section, type Text } from '../review/document.ts';
import { shown } from '../review/values.ts';
import type { Account } from './account.ts';
import type { Remedy } from './found.ts';

/** What was lost, by name, and what somebody must see to. */
export function lossSection({ status, remedies }: Account): readonly Section[] {
  const { lost } = status;
  if (lost.length === 0 && remedies.length === 0) return [];
  const losses: readonly Block[] =
    lost.length === 0
      ? [paragraph('Nothing was lost that the procedure promises to keep.')]
      : [
          {
            kind: 'warning',
            text: `${plural(lost.length, 'thing')} that the procedure promises to keep ${lost.length === 1 ? 'was' : 'were'} lost:`,
          },
          ...list(
            [...groupBy(lost, ({ host }) => host)].map(
              ([host, things]) => `${host}: ${things.map(({ what }) => what).join(', ')}`,
            ),
          ),
        ];
  return [{ title: 'What was lost, and what to see to', blocks: [...losses, ...remedyBlocks(remedies)] }];
}

function remedyBlocks(remedies: readonly Remedy[]): readonly Block[] {
  if (remedies.length === 0) return [];
  const names = [...new Set(remedies.flatMap(({ about }) => Object.keys(about)))].filter((name) => name !== 'host');
  const row = ({ host, about }: Remedy): readonly Text[] => [
    code(host),
    ...names.map((name) => (about[name] === undefined ? '' : code(shown(about[name])))),
  ];
  return [
    paragraph(`${plural(remedies.length, 'task is', 'tasks are')} to be seen to:`),
    { kind: 'table', head: ['Host', ...names.map(title)], rows: remedies.map(row) },
  ];
}

function title(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
