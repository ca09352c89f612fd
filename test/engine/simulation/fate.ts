/** What a playbook's commands are called on the simulated hosts. */
export const INSIDE = ['shut', 'check', 'home', 'verify'] as const;
export type Word = 'capture' | 'image' | (typeof INSIDE)[number] | 'open' | 'look' | 'close' | 'stay' | 'ledger';

/** How much goes wrong, in hosts of a hundred. */
export interface Odds {
  readonly slow: number;
  readonly hangs: number;
  readonly fails: number;
  readonly unfit: number;
  readonly refusesWindow: number;
  readonly cut: number;
  readonly loses: number;
}

/** The network of a host goes away: while it runs the command, or before it gets it. */
export interface Cut {
  readonly at: Word;
  /** How far the command has come; 0: it does not reach the host. */
  readonly share: number;
  readonly forMs: number;
  /** The bastion is told at once, or finds out by its keepalives. */
  readonly noticedAfterMs: number;
}

/** What a host is going to do in a history. */
export interface Fate {
  readonly isFit: boolean;
  readonly refusesWindow: boolean;
  readonly loses: boolean;
  readonly hangsAt?: Word;
  readonly failsAt?: Word;
  readonly cuts: readonly Cut[];
  /** Of its least patient executor. */
  readonly patienceSeconds: number;
  readonly msOf: (word: Word) => number;
}

const USUAL_MS: Readonly<Record<Word, number>> = {
  capture: 4000,
  image: 20_000,
  open: 500,
  look: 200,
  shut: 25_000,
  check: 3000,
  home: 9000,
  verify: 5000,
  close: 300,
  stay: 90_000,
  ledger: 100,
};

const CUT_AT: readonly Word[] = ['open', 'look', ...INSIDE, 'close'];
const FAILS_AT: readonly Word[] = ['capture', 'check', 'verify', 'stay'];

/** The fate of a host, the same for the same numbers. */
export function fateOf(host: string, seed: number, odds: Odds): Fate {
  const random = randomFrom(`${seed} ${host}`);
  const chance = (percent: number) => random() * 100 < percent;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const pace = 0.5 + random();
  const slow = chance(odds.slow) ? { at: pick(INSIDE), times: 10 + random() * 40 } : undefined;
  const hangsAt = chance(odds.hangs) ? pick(FAILS_AT) : undefined;
  const failsAt = chance(odds.fails) ? pick(FAILS_AT) : undefined;
  const cuts = chance(odds.cut) ? Array.from({ length: 1 + Math.floor(random() * 2) }, () => cut(random, pick)) : [];
  return {
    isFit: !chance(odds.unfit),
    refusesWindow: chance(odds.refusesWindow),
    loses: chance(odds.loses),
    ...(hangsAt === undefined ? {} : { hangsAt }),
    ...(failsAt === undefined ? {} : { failsAt }),
    cuts,
    patienceSeconds: pick([120, 900, 900, 900, 86_400]),
    msOf: (word) => Math.round(USUAL_MS[word] * pace * (slow?.at === word ? slow.times : 1)),
  };
}

function cut(random: () => number, pick: <T>(from: readonly T[]) => T): Cut {
  return {
    at: pick(CUT_AT),
    share: pick([0, random()]),
    forMs: Math.round(1000 + random() * 420_000),
    noticedAfterMs: pick([0, 45_000]),
  };
}

/** Numbers from 0 to 1 that depend on nothing but the text (mulberry32 over FNV-1a). */
function randomFrom(text: string): () => number {
  let state = 0x811c9dc5;
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
