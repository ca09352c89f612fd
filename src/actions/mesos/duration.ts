const SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  secs: 1,
  mins: 60,
  hrs: 3600,
  days: 86_400,
  weeks: 604_800,
};

/** Seconds of a duration as Mesos prints it, such as `15mins` (stout's Duration); undefined for anything else. */
export function durationSeconds(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ns|us|ms|secs|mins|hrs|days|weeks)$/.exec(text) ?? [];
  const each = SECONDS[unit];
  return amount === undefined || each === undefined ? undefined : Number(amount) * each;
}
