import type { Check } from '../action.ts';

/** PASS and UNKNOWN let a host in; UNKNOWN says why nobody can tell. */
export type Verdict = 'PASS' | 'FAIL' | 'UNKNOWN';

export interface PreflightCheck extends Check {
  readonly verdict: Verdict;
}

/** What a shutdown is about to be done with. */
export interface Given {
  readonly port: number;
  readonly image?: string | undefined;
  /** `trusted`: a person vouches that nobody will step the host's clock, which says itself that it is not synchronised. */
  readonly clock: 'checked' | 'trusted';
}

export function pass(check: string, why: string): PreflightCheck {
  return { check, verdict: 'PASS', passed: true, why };
}

export function unknown(check: string, why: string): PreflightCheck {
  return { check, verdict: 'UNKNOWN', passed: true, why };
}

export function fail(check: string, why: string, toDo: string): PreflightCheck {
  return { check, verdict: 'FAIL', passed: false, why: `${why}: ${toDo}` };
}
