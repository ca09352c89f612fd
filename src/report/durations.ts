/** A duration for people: `312 ms`, `4.2 s`, `3 min 12 s`, `2 h 5 min`. Milliseconds in. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return twoParts(seconds, 60, 'min', 's');
  return twoParts(Math.round(seconds / 60), 60, 'h', 'min');
}

/** The same for a clock that is running: whole seconds. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
}

function twoParts(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size;
  return `${Math.floor(amount / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** Milliseconds between two ISO times. */
export function msBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}

/** The time of day of an ISO time, UTC: `07:15:00Z`. */
export function timeOfDay(at: string): string {
  return `${at.slice(11, 19)}Z`;
}
