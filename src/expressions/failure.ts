/** Why an expression gave no value. Thrown inside this room only; turned into a value where it is left. */
export class Failure extends Error {
  readonly kind: 'undefined' | 'error';

  constructor(kind: 'undefined' | 'error', reason: string) {
    super(reason);
    this.kind = kind;
  }
}

/** Something undefined that has not been used yet: `is defined` and `default()` may still make it harmless. */
export class Missing {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A mistake in a text, at an offset into it. */
export class SyntaxMistake extends Error {
  readonly code: string;
  readonly offset: number;

  constructor(code: string, message: string, offset: number) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/** What is there; else the failure that says why it is not. */
export function present<T>(found: T | Missing): T {
  if (found instanceof Missing) throw new Failure('undefined', found.reason);
  return found;
}
