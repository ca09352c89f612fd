import { duration, timeOfDay } from '../report/durations.ts';
import { type Block, code, paragraph, type Section, type Text } from '../review/document.ts';
import type { Account, PlayAccount } from './account.ts';
import { outcomeWord } from './plan-sections.ts';
import type { StepAccount } from './steps.ts';

/** As many tasks as stand side by side on a page. */
const MOST_COLUMNS = 8;

/** Every step of every host: when it began, how long it took, what came of it. Columns are numbered as the tasks above. */
export function stepSections({ plays }: Account): readonly Section[] {
  return plays.flatMap((play) => {
    const begun = play.hosts.filter(({ steps }) => steps.some(({ at }) => at !== undefined));
    if (begun.length === 0) return [];
    return [{ title: `Steps of play ${play.number}, host by host`, blocks: [EXPLAINED, ...tables(play, begun)] }];
  });
}

const EXPLAINED = paragraph(
  'When a step began (UTC), how long it took, what came of it where that is not "ok"; in columns that are numbered as the tasks above. "-": not taken, for the reason that stands there.',
);

function tables({ tasks }: PlayAccount, hosts: PlayAccount['hosts']): readonly Block[] {
  const numbered = tasks.map(({ id }, index) => ({ id, number: String(index + 1) }));
  return Array.from({ length: Math.ceil(numbered.length / MOST_COLUMNS) }, (_, index) => {
    const columns = numbered.slice(index * MOST_COLUMNS, (index + 1) * MOST_COLUMNS);
    const rows = hosts.map(({ host, steps }): readonly Text[] => [
      code(host),
      ...columns.map(({ id }) => cell(steps, id)),
    ]);
    return { kind: 'table', head: ['Host', ...columns.map(({ number }) => number)], rows };
  });
}

/** A handler may have run more than once. */
function cell(steps: readonly StepAccount[], taskId: string): string {
  return (
    steps
      .filter((step) => step.taskId === taskId && step.at !== undefined)
      .map(stepText)
      .join('; ') || '-'
  );
}

function stepText(step: StepAccount): string {
  const took = step.ms === undefined ? '' : `, ${duration(step.ms)}`;
  const came = step.outcome === 'ok' && !step.isForced ? '' : ` ${outcomeWord(step)}`;
  const attempts = step.attempts === undefined ? '' : `, ${step.attempts} attempts`;
  return `${timeOfDay(step.at ?? '')}${took}${came}${attempts}`;
}
