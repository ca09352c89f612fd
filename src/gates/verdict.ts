/** A gate's answer. A "no" carries its reason, and when it is worth asking again, if ever (milliseconds of the monotonic clock). */
export type Verdict =
  | { readonly open: true }
  | { readonly open: false; readonly reason: string; readonly askAgainAt?: number };

export const OPEN: Verdict = { open: true };

export function closed(reason: string): Verdict {
  return { open: false, reason };
}
