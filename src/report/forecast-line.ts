import { foldHosts } from '../inventory/fold.ts';
import type { RunEvent } from '../journal/event.ts';
import { duration } from './durations.ts';
import { printableLine } from './printable.ts';

type Forecast = Extract<RunEvent, { type: 'forecast' }>;

/** A forecast on one line, for people. */
export function forecastText({ done, left, perHostMs, lastDoneAt, late }: Forecast): string {
  const pace = `${duration(perHostMs)} a host going by ${done}, the last of ${left} left is done at ${lastDoneAt.slice(0, 16)}Z`;
  return late.length === 0 ? pace : `${pace}: ${late.length} TOO LATE by the ledger: ${printableLine(foldHosts(late))}`;
}

/** Says a forecast where it is the first of its play, and where somebody comes too late now or nobody does any more. */
export function sayingForecasts(): (event: Forecast) => string | undefined {
  const said = new Map<number, boolean>();
  return (event) => {
    const isLate = event.late.length > 0;
    if (said.get(event.playNumber) === isLate) return undefined;
    said.set(event.playNumber, isLate);
    return `FORECAST ${printableLine(event.play)}: ${forecastText(event)}`;
  };
}
