import type { Standing } from '../journal/derived.ts';
import { timeOfDay } from '../report/durations.ts';

/** What hosts came to, the worst first. */
export const STANDINGS: readonly (readonly [Standing, string])[] = [
  ['failed', 'failed'],
  ['unreachable', 'unreachable'],
  ['refused', 'refused'],
  ['unfinished', 'begun, not finished'],
  ['not_started', 'not begun'],
  ['changed', 'changed'],
  ['ok', 'ok, nothing changed'],
];

export function standingWord(standing: Standing): string {
  return STANDINGS.find(([each]) => each === standing)?.[1] ?? standing;
}

/** A time in full: `2026-11-21 07:15:00Z`. */
export function moment(at: string | number): string {
  const text = typeof at === 'number' ? new Date(at).toISOString() : at;
  return `${text.slice(0, 10)} ${timeOfDay(text)}`;
}
