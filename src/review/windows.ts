import { foldHosts } from '../inventory/fold.ts';
import type { BlockPart } from '../plan/plan.ts';
import { code, paragraph, type Section, type Text } from './document.ts';
import type { Review } from './review.ts';

/** Stretches that nothing interrupts on their host. */
export function windowsSection({ plan, outlook }: Review): readonly Section[] {
  const parts = plan.plays.flatMap(({ tasks }) => tasks.flatMap(({ blocks }) => blocks));
  const windows = new Map(parts.filter(({ window }) => window !== undefined).map((part) => [part.id, part]));
  if (windows.size === 0) return [];
  const rows = [...windows.values()].flatMap((part) => rowsOf(part, outlook));
  return [
    {
      title: 'Windows',
      blocks: [
        paragraph(
          'Once a host is in a window, nothing stops it there: no pause, no Ctrl-C, no failure of another host. What must finish in it runs whatever has happened. At its beginning and end a script of rollgate notes on the host that it is open, and arms and disarms the guard: nothing else is sent beside the commands of its tasks.',
        ),
        { kind: 'table', head: ['Window', 'Hosts', 'Length', 'Kept for the end', 'Expected', 'Guard'], rows },
      ],
    },
  ];
}

function rowsOf({ id, name, window }: BlockPart, outlook: Review['outlook']): readonly (readonly Text[])[] {
  const title = code(window?.name ?? name);
  const timed = outlook.windows.get(id);
  if (timed === undefined) return [[title, 'all', 'no deadline', '', '', '']];
  return timed.map(({ hosts, value }) => [
    title,
    timed.length === 1 ? 'all' : code(foldHosts(hosts)),
    value.length,
    value.reserve,
    value.expected ?? 'not said',
    code(value.guard),
  ]);
}
