/** Exit codes that no run comes to: see `journal/exit-code.ts` for those of a run. */
export const DONE = 0;
/** A malformed option (sysexits' EX_USAGE). */
export const USAGE = 64;
/** A mistake in or about what was given (sysexits' EX_DATAERR). */
export const MISTAKE = 65;
