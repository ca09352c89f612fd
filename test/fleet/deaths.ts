import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Call } from '../e2e/desk.ts';

const PRELOAD = fileURLToPath(new URL('../e2e/die-at-write.mjs', import.meta.url));

/** Where rollgate is killed: at a write to its journal, or when it has told so much; so far on towards the run's end. */
export interface Death {
  readonly at: 'before' | 'inside' | 'after' | 'told';
  readonly part: number;
}

/** Spread evenly: what is drawn is to meet every moment of a run, not its ends. */
export const someDeaths: fc.Arbitrary<readonly Death[]> = fc.noBias(
  fc.array(
    fc.record({
      at: fc.constantFrom('before' as const, 'inside' as const, 'after' as const, 'told' as const),
      part: fc.integer({ min: 0, max: 999 }).map((thousandths) => thousandths / 1000),
    }),
    { minLength: 2, maxLength: 5 },
  ),
);

/** About how many lines of the journal are still to be written, and events to be told. */
export interface Left {
  readonly lines: number;
  readonly events: number;
}

/** Starts rollgate, by a function that takes an environment, and has it die there. */
export function startToDie(start: (env: NodeJS.ProcessEnv) => Call, { at, part }: Death, left: Left): Call {
  if (at !== 'told') return start({ NODE_OPTIONS: `--import ${PRELOAD}`, DIE_AT: `${nth(part, left.lines)} ${at}` });
  const call = start({});
  const moment = nth(part, left.events);
  let told = 0;
  call
    .event(() => ++told === moment)
    .then(
      () => call.child.kill('SIGKILL'),
      // It ended before it came to that.
      () => {},
    );
  return call;
}

/** Never before the second: there must be something to go on with. */
function nth(part: number, left: number): number {
  return 2 + Math.floor(part * Math.max(1, left - 2));
}
