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
