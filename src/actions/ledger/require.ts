import type * as z from 'zod';
import { duration } from '../../source/duration.ts';
import type { Action, Check, Probed, Result } from '../action.ts';
import { nonEmpty, parameters } from '../params.ts';
import { type HostFile, noteIn, readHostFile } from './host-file.ts';
import { type Good, laterOf, type Note } from './note.ts';
import { noteName, span } from './params.ts';

const params = parameters({
  name: noteName,
  remaining: span('How much of it must be left, such as 2h.').default(0),
  renew: nonEmpty('What to do where it has to be renewed, for people: the command.').optional(),
});

type Params = z.output<typeof params>;

interface Facts extends HostFile {
  /** What is known, here or on the host; the later counts. */
  readonly note?: Note;
}

export const requireLedger: Action<Params, Facts> = {
  kind: 'host',
  name: 'require_ledger',
  summary: 'Lets a host on while what was renewed on it still holds for long enough.',
  params,
  effect: () => 'reads',
  probe,
  decide: (given, facts) => ({ kind: 'settled', result: conclude(given, facts) }),
};

async function probe({ name }: Params, host: Parameters<typeof readHostFile>[0]): Promise<Probed<Facts>> {
  const file = await readHostFile(host);
  if (!file.ok) return file;
  const known = host.bastion.ledger.latest(host.host, name);
  if (!known.ok) return known;
  const note = laterOf(known.facts, noteIn(file.facts, name));
  return { ok: true, facts: { ...file.facts, ...(note === undefined ? {} : { note }) } };
}

function conclude(given: Params, { note, now, boot }: Facts): Result {
  const { name } = given;
  if (note === undefined) return refusal(given, [no('known', 'there is no such entry, neither here nor on the host')]);
  if (note.state === 'closed') return refusal(given, [no('open', `closed at ${note.at} by run ${note.run}`)]);
  const leftMs = Date.parse(note.until) - now.getTime();
  const known = {
    name,
    renewed_at: note.renewedAt,
    until: note.until,
    measured: note.measured,
    remaining: Math.floor(leftMs / 1000),
    rebooted: note.boot !== undefined && boot !== undefined && note.boot !== boot,
  };
  const checks = [clockCheck(note, now), timeCheck(given, note, leftMs)];
  if (checks.some(({ passed }) => !passed)) return { ...refusal(given, checks), ...known };
  return { changed: false, ...known, checks, msg: `${name}: ${timeCheck(given, note, leftMs).why}` };
}

/** Clocks of two bastions differ by seconds, not by more: else nobody can say how much is left. */
const MOST_SKEW_MS = 60_000;

function clockCheck({ renewedAt, run }: Good, now: Date): Check {
  const aheadMs = Date.parse(renewedAt) - now.getTime();
  if (aheadMs <= MOST_SKEW_MS) return { check: 'clock', passed: true, why: `renewed at ${renewedAt} by run ${run}` };
  return no('clock', `renewed ${duration(aheadMs)} in the future by run ${run}: its clock was wrong, or this one is`);
}

function timeCheck({ remaining }: Params, { until, measured }: Good, leftMs: number): Check {
  const how = `until ${until}, ${measured ? 'measured' : 'computed'}`;
  const needed = remaining === 0 ? '' : `, ${duration(remaining)} needed`;
  const left = leftMs > 0 ? `${duration(leftMs)} left` : `ran out ${duration(-leftMs)} ago`;
  return { check: 'time left', passed: leftMs > 0 && leftMs >= remaining, why: `${left}${needed} (${how})` };
}

function no(check: string, why: string): Check {
  return { check, passed: false, why };
}

function refusal({ name, renew }: Params, checks: readonly Check[]): Result {
  const why = checks.flatMap(({ passed, why: figures }) => (passed ? [] : [figures]));
  const remedy = renew ?? `run the playbook whose ledger_renew has name: ${name}`;
  return { changed: false, refused: true, name, checks, msg: `${name}: ${why.join('; ')}. To renew it: ${remedy}` };
}
