import { randomInt } from 'node:crypto';

/** For `order: shuffle`; it stands in the plan, so that the same plan always has the same order. */
export function chooseSeed(): number {
  return randomInt(2 ** 32);
}
