import { createContext, Script } from 'node:vm';

/** What a regular expression was asked for takes too long. */
export class TooLong {
  readonly message: string;

  constructor({ source }: RegExp) {
    this.message = `the regular expression ${source} takes too long on this text; write it without a repetition inside a repetition`;
  }
}

const LIMIT_MS = 1000;
/** Characters: up to here one repetition alone cannot take long. */
const SHORT = 10_000;

const CALL = new Script('work()');
let room: { work: unknown } | undefined;

/**
 * What `work` gives, where it matches `regex` on texts of at most `longest` characters. Somebody else wrote the expression, and
 * some try more ways than there are atoms: nothing may wait for that, least of all open windows.
 */
export function boundedMatch<T>(regex: RegExp, longest: number, work: () => T): T | TooLong {
  if (isQuick(regex, longest)) return work();
  room ??= createContext({ work: undefined }) as { work: unknown };
  room.work = work;
  try {
    return CALL.runInContext(room as object, { timeout: LIMIT_MS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return new TooLong(regex);
  } finally {
    room.work = undefined;
  }
}

/** Asking under a limit costs a thread, which most expressions are not worth. */
function isQuick({ source }: RegExp, longest: number): boolean {
  return longest <= SHORT && !/\)[*+{?]/.test(source) && (source.match(/[*+{]|(?<!\()\?/g) ?? []).length <= 1;
}
