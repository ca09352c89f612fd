import { groupBy } from '../inventory/fold.ts';
import type { Stamped } from '../journal/event.ts';
import { shown } from '../review/values.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';

/** What somebody must see to, as a step said it; whatever the step says of it. */
export interface Remedy {
  readonly host: string;
  readonly about: ValueMap;
}

/** What a step saw before and after, side by side. */
export interface Comparison {
  readonly host: string;
  readonly task: string;
  readonly lines: readonly string[];
  /** How many became what, such as 3 linked. */
  readonly became: Readonly<Record<string, number>>;
}

/**
 * A step that is done again takes back what it saw, but not what was lost: so the journal is asked, not what it came to.
 * What is learnt later of the same thing, such as that it is `back`, is added to it.
 */
export function remediesIn(past: readonly Stamped[]): readonly Remedy[] {
  const found = new Map<string, Remedy>();
  for (const event of past) {
    if (event.type !== 'step_finished') continue;
    for (const about of mapsIn(event.result.remedy)) {
      const { back: _, ...thing } = about;
      const key = JSON.stringify([event.host, thing]);
      found.set(key, { host: event.host, about: { ...found.get(key)?.about, ...about } });
    }
  }
  return [...found.values()];
}

/** The newest comparison of each step that makes one. */
export function comparisonsIn(past: readonly Stamped[]): readonly Comparison[] {
  const found = new Map<string, Comparison>();
  for (const event of past) {
    if (event.type !== 'step_finished' || !isList(event.result.table)) continue;
    const { host, task, taskId, result } = event;
    const lines = event.result.table.filter((line) => typeof line === 'string');
    found.set(JSON.stringify([host, taskId]), { host, task, lines, became: counted(result.comparison) });
  }
  return [...found.values()];
}

function counted(comparison: Value | undefined): Readonly<Record<string, number>> {
  const all = groupBy(mapsIn(comparison), ({ became }) => shown(became ?? 'unknown'));
  return Object.fromEntries([...all].map(([became, alike]) => [became, alike.length]));
}

function mapsIn(value: Value | undefined): readonly ValueMap[] {
  return isList(value) ? value.filter(isMap) : [];
}
