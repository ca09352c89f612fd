import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INSIDE } from './simulation/fate.ts';
import { wrongs } from './simulation/judge.ts';
import { type Brake, type Deed, type History, type Simulated, simulate, waitsIn } from './simulation/simulate.ts';

// ROLLGATE_HISTORIES and ROLLGATE_SEED: more of them, and others. ROLLGATE_PATH, as a failure prints it: that one alone.
const RUNS = Number(process.env.ROLLGATE_HISTORIES ?? 240);
const SEED = Number(process.env.ROLLGATE_SEED ?? 20250101);
const path = process.env.ROLLGATE_PATH;
const REPLAY = { seed: SEED, ...(path === undefined ? {} : { path }) };

const deeds: fc.Arbitrary<readonly Deed[]> = fc.array(
  fc.record({
    what: fc.constantFrom<Deed['what']>(
      ...['pause' as const, 'continue' as const, 'pause' as const, 'continue' as const],
      ...['drain' as const, 'abandon' as const, 'clock forward' as const, 'clock back' as const],
    ),
    // Numbers from fc.double crowd around 0.
    share: fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000),
  }),
  { maxLength: 5 },
);

const percent = fc.constantFrom(0, 2, 10, 30);

function histories(hosts: readonly number[]): fc.Arbitrary<History> {
  return fc.record({
    hosts: fc.constantFrom(...hosts),
    forks: fc.constantFrom(1, 3, 10),
    seed: fc.nat(),
    odds: fc.record({
      slow: percent,
      hangs: percent,
      fails: percent,
      unfit: percent,
      refusesWindow: percent,
      cut: percent,
      loses: fc.constantFrom(0, 0, 1),
    }),
    hasGuard: fc.boolean(),
    maxFailures: fc.constantFrom(2, 1000),
    maxLost: fc.constantFrom(0, 1000),
    deeds,
  });
}

const few = histories([1, 4, 12, 30]);
const many = histories([600]);

/** Much of everything that can go wrong, on all the hosts that there are to be. */
const WHOLE: History = {
  hosts: 600,
  forks: 10,
  seed: 3,
  odds: { slow: 10, hangs: 5, fails: 5, unfit: 3, refusesWindow: 2, cut: 10, loses: 1 },
  hasGuard: true,
  maxFailures: 1000,
  maxLost: 1000,
  deeds: [
    { what: 'pause', share: 0.3 },
    { what: 'continue', share: 0.31 },
  ],
};

async function isRight(history: History): Promise<void> {
  expect(wrongs(await simulate(history))).toEqual([]);
}

describe('no host waits in its window for anything but itself, and every window is closed', () => {
  it('on few hosts, in many histories', async () => {
    await fc.assert(fc.asyncProperty(few, isRight), { ...REPLAY, numRuns: RUNS });
  }, 120_000);

  it('on 600 hosts, in several', async () => {
    await fc.assert(fc.asyncProperty(many, isRight), { ...REPLAY, numRuns: Math.ceil(RUNS / 20) });
  }, 120_000);

  it('on 600 hosts of which nobody stops the run: every one is come to', async () => {
    const simulated = await simulate(WHOLE);
    expect(wrongs(simulated)).toEqual([]);
    const begun = simulated.log.flatMap(({ event }) => (event.type === 'step_started' ? [event.host] : []));
    expect(new Set(begun).size).toBe(600);
  }, 60_000);
});

describe('a history', () => {
  it('is the same, event by event, when it is lived again from its seed', async () => {
    const drawn = () => fc.sample(few, { seed: SEED, numRuns: 5 });
    expect(drawn()).toEqual(drawn());
    for (const history of [...drawn(), WHOLE]) {
      const [once, again] = [await simulate(history), await simulate(history)];
      expect(once.log.length).toBeGreaterThan(0);
      expect(JSON.stringify(again.log)).toBe(JSON.stringify(once.log));
    }
  }, 60_000);

  it('has in it, one or the other, all that is to be borne', async () => {
    const seen = new Set<string>();
    for (const history of fc.sample(few, { seed: SEED, numRuns: RUNS }))
      for (const what of borne(await simulate(history))) seen.add(what);
    expect([...seen].toSorted()).toEqual(BORNE.toSorted());
  }, 120_000);
});

const BORNE = [
  'a host that hangs',
  'a host that a gate refuses',
  'a host that refuses its window',
  'a network that is away in a window, and back',
  'a pause while hosts are in their windows',
  'a Ctrl-C while hosts are in their windows',
  'a spent budget while hosts are in their windows',
  'a guard that fires',
  'a window without enough time left',
];

/** What of all that happened in a history. */
function borne({ log, hosts }: Simulated): readonly string[] {
  const inside = new Set<string>();
  const atEvents = log.flatMap(({ event }): readonly (string | undefined)[] => {
    const whileInside = (what: string) => [inside.size > 0 ? `${what} while hosts are in their windows` : undefined];
    switch (event.type) {
      case 'window_opened':
        inside.add(event.host);
        return [];
      case 'window_closed':
        inside.delete(event.host);
        return [];
      case 'host_refused':
        return [event.reason.includes('no guard') ? 'a host that refuses its window' : undefined];
      case 'step_finished':
        return [
          event.status === 'refused' ? 'a host that a gate refuses' : undefined,
          String(event.result.msg).startsWith('took longer') ? 'a host that hangs' : undefined,
          event.result.degraded === true ? 'a window without enough time left' : undefined,
        ];
      case 'run_paused':
        return whileInside('a pause');
      case 'drained':
        return whileInside('a Ctrl-C');
      case 'stopping':
        return whileInside('a spent budget');
      default:
        return [];
    }
  });
  const onHosts = [...hosts.values()].flatMap(({ restartedBy, shutAtMs, restartedAtMs, outages }) => [
    restartedBy === 'guard' ? 'a guard that fires' : undefined,
    outages.some(([from]) => from > (shutAtMs ?? Number.POSITIVE_INFINITY) && from < (restartedAtMs ?? 0))
      ? 'a network that is away in a window, and back'
      : undefined,
  ]);
  return [...atEvents, ...onHosts].filter((what) => what !== undefined);
}

/** Engines that let a host wait in its window: what is done to it there is held up before the journal has it. */
const BROKEN: Readonly<Record<string, () => Brake>> = {
  'has hosts wait for each other before they restart': () => {
    const [inside, arrived] = [new Set<string>(), new Set<string>()];
    return async (event, { time }) => {
      if (event.type === 'window_opened') inside.add(event.host);
      if (event.type === 'window_closed') inside.delete(event.host);
      if (event.type !== 'step_started' || event.task !== 'home') return;
      arrived.add(event.host);
      while ([...inside].some((host) => !arrived.has(host))) await time.sleep(100);
    };
  },
  'has hosts wait in their windows for one of two slots': () => {
    let taken = 0;
    return async (event, { time }) => {
      if ((event.type !== 'step_started' && event.type !== 'step_finished') || !isInside(event.task)) return;
      if (event.type === 'step_finished') {
        taken -= 1;
        return;
      }
      while (taken >= 2) await time.sleep(100);
      taken += 1;
    };
  },
  'waits in windows, too, when somebody says to wait':
    () =>
    async (event, { time, log }) => {
      if (event.type !== 'step_started' || !isInside(event.task)) return;
      while (waitsIn(log)) await time.sleep(1000);
    },
  'takes a rest in each window':
    () =>
    async (event, { time }) => {
      if (event.type === 'window_closed') await time.sleep(1);
    },
};

const isInside = (task: string) => (INSIDE as readonly string[]).includes(task);

describe('it is found out that an engine', () => {
  const calm = { slow: 0, hangs: 0, fails: 0, unfit: 0, refusesWindow: 0, cut: 0, loses: 0 };
  const pauses = Array.from({ length: 9 }, (_, tenth): readonly Deed[] => [
    { what: 'pause', share: (tenth + 1) / 10 },
    { what: 'continue', share: (tenth + 1.5) / 10 },
  ]);
  const history: History = { ...WHOLE, hosts: 30, odds: calm, deeds: pauses.flat() };

  it('does none of this, when it does not', async () => {
    await isRight(history);
  });

  it.each(Object.entries(BROKEN))('%s', async (_, brake) => {
    const found = wrongs(await simulate(history, brake()));
    expect(found).toContainEqual(expect.stringMatching(/^h\d+ in its window waited for [\d.]+ ms, and may for 0 ms$/));
  });
});
