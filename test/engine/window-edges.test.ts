import { describe, expect, it } from 'vitest';
import { HOSTS, run } from './harness.ts';
import { wrongs } from './simulation/judge.ts';
import { type Deed, type History, type Simulated, simulate, usualMs } from './simulation/simulate.ts';

const CALM: History = {
  hosts: 12,
  forks: 3,
  seed: 5,
  odds: { slow: 30, hangs: 0, fails: 0, unfit: 0, refusesWindow: 0, cut: 30, loses: 0 },
  hasGuard: true,
  maxFailures: 1000,
  maxLost: 1000,
  deeds: [],
};

/** What happened when, without what people read the time of. */
const course = ({ log }: Simulated) =>
  log.map(({ atMs, event }) => ({
    atMs,
    type: event.type,
    ...('host' in event ? { host: event.host } : {}),
    ...('task' in event ? { task: event.task } : {}),
    ...('status' in event ? { status: event.status } : {}),
  }));

/** Until when the links are good that were renewed last, by the wall clock. */
const lastWord = ({ log }: Simulated) =>
  log
    .map(({ event }) => (event.type === 'step_finished' ? Date.parse(String(event.result.until)) : Number.NaN))
    .findLast((time) => !Number.isNaN(time)) ?? 0;

describe('the wall clock of the bastion', () => {
  const undisturbed = simulate(CALM);

  it.each<Deed['what']>(['clock forward', 'clock back'])(
    'jumps by three hours while hosts are in their windows, and nothing comes otherwise than it would have: %s',
    async (what) => {
      const expected = await undisturbed;
      const opened = expected.log.filter(({ event }) => event.type === 'window_opened');
      const closed = expected.log.filter(({ event }) => event.type === 'window_closed');
      const atMs = (opened[5]?.atMs ?? 0) + ((closed[5]?.atMs ?? 0) - (opened[5]?.atMs ?? 0)) / 2;
      const jumped = await simulate({ ...CALM, deeds: [{ what, share: atMs / usualMs(CALM) }] });
      expect(wrongs(jumped)).toEqual([]);
      expect(course(jumped)).toEqual(course(expected));
      expect(lastWord(jumped)).toBe(lastWord(expected) + (what === 'clock back' ? -3 : 3) * 3_600_000);
    },
  );
});

const PLAYBOOK = `
- hosts: all
  tasks:
    - window: {name: w, length: 900, reserve: 3m, expected: 60, guard: {none: none here}}
      block:
        - {name: out, shell: do out}
        - {name: upgrade, shell: do upgrade}
      must_finish:
        - {name: in, shell: do in}
    - {name: after, shell: do after}
`;

interface Moment {
  readonly uptimeSeconds?: number;
  readonly epoch: number;
  readonly boot?: string;
}

/** A host whose clocks say this as the window is looked at: after `out`, before `upgrade`. */
async function lookedAt({ uptimeSeconds, epoch, boot = 'b1' }: Moment, tookHereSeconds = 1) {
  const opened = '100000 1700000000 b1';
  let now = opened;
  const words: string[] = [];
  const { events } = await run({
    inventory: HOSTS(1),
    playbook: PLAYBOOK,
    answers: (_, command) => {
      if (command.includes("printf 'phase open")) return { stdout: `= opened ${opened}\n` };
      if (command.includes('echo "= now')) return { stdout: `= opened ${opened}\n= now ${now}\n` };
      const word = /do (\w+)/.exec(command)?.[1];
      if (word === undefined) return 0;
      words.push(word);
      const uptime = uptimeSeconds === undefined ? '= refused /proc/uptime of this host cannot be read' : undefined;
      if (word === 'out') now = uptime ?? `${100_000 + (uptimeSeconds ?? 0) * 100} ${1_700_000_000 + epoch} ${boot}`;
      return 0;
    },
    passes: (command) => (command.includes('do out') ? tookHereSeconds * 1000 : 0),
  });
  const upgrade = events.find((event) => event.type === 'step_finished' && event.task === 'upgrade');
  const why = upgrade?.type === 'step_finished' ? upgrade.result.msg : undefined;
  return { words, why };
}

const ALL = ['out', 'upgrade', 'in', 'after'];
const HOME = ['out', 'in'];
const kept = (left: number) => `not done: ${left} s of the window are left, and 180 s are kept for what must finish`;

describe('the clocks of a host inside its window', () => {
  it.each<[string, Parameters<typeof lookedAt>, readonly string[], string]>([
    ['agree: what is left is left', [{ uptimeSeconds: 500, epoch: 500 }], ALL, ''],
    ['agree, and the reserve has come', [{ uptimeSeconds: 730, epoch: 730 }], HOME, kept(170)],
    [
      'part: the wall clock stepped 5 minutes forward, and counts',
      [{ uptimeSeconds: 430, epoch: 730 }],
      HOME,
      kept(170),
    ],
    ['part: 5 minutes forward leave enough', [{ uptimeSeconds: 300, epoch: 600 }], ALL, ''],
    ['part: the wall clock was set back, and the uptime counts', [{ uptimeSeconds: 730, epoch: 430 }], HOME, kept(170)],
    [
      'begin anew: it was rebooted (said by another boot id, since containers share the kernel’s)',
      [{ uptimeSeconds: 10, epoch: 90, boot: 'b2' }],
      HOME,
      'not done: the host was rebooted inside its window, which is void: what must finish comes now',
    ],
    ['cannot be read: the bastion’s clock that never goes back counts', [{ epoch: 730 }, 730], HOME, kept(170)],
    ['cannot be read, and there is enough left by the bastion’s', [{ epoch: 9000 }, 500], ALL, ''],
  ])('%s', async (_, given, words, why) => {
    const found = await lookedAt(...given);
    expect(found.words).toEqual(words);
    expect(found.why).toBe(why);
  });
});
