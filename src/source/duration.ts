const MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Other spellings, among them Mesos's own (stout's Duration: `15mins`, `24hrs`). */
const SPELT: Readonly<Record<string, string>> = {
  '': 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
  week: 'w',
  weeks: 'w',
};

/** Milliseconds of `15m`, `90s`, `1.5h`, `5d`, `15mins`, or of a bare number of seconds; undefined for anything else. */
export function durationMs(written: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(written.trim().toLowerCase()) ?? [];
  const each = MS[SPELT[unit] ?? unit];
  return amount === undefined || each === undefined ? undefined : Number(amount) * each;
}

/** A duration for people: `312 ms`, `4.2 s`, `3 min 12 s`, `2 h 5 min`, `5 d`. Milliseconds in. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return twoParts(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 48 * 60 ? twoParts(minutes, 60, 'h', 'min') : twoParts(Math.round(minutes / 60), 24, 'd', 'h');
}

function twoParts(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size;
  return `${Math.floor(amount / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}
