import { duration } from '../source/duration.ts';

export { duration };

/** A duration for a clock that is running: whole seconds. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
}

/** What is left until a deadline, in seconds: `48 s left`, `5 s OVER`. */
export function secondsLeft(ms: number): string {
  return ms < 0 ? `${Math.ceil(-ms / 1000)} s OVER` : `${Math.floor(ms / 1000)} s left`;
}

/** Milliseconds between two ISO times. */
export function msBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}

/** The time of day of an ISO time, UTC: `07:15:00Z`. */
export function timeOfDay(at: string): string {
  return `${at.slice(11, 19)}Z`;
}
