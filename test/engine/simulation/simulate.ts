import type { Note } from '../../../src/actions/ledger/note.ts';
import type { Connections } from '../../../src/connection/connection.ts';
import { Orders } from '../../../src/engine/orders.ts';
import { runPlan } from '../../../src/engine/run.ts';
import { Stop } from '../../../src/engine/stop.ts';
import type { World } from '../../../src/engine/world.ts';
import type { RunEvent } from '../../../src/journal/event.ts';
import type { Transferred } from '../../../src/shell/outcome.ts';
import { HOSTS, planOf } from '../harness.ts';
import { fateOf, type Odds } from './fate.ts';
import { SimulatedHost } from './host.ts';
import { VirtualTime } from './virtual-time.ts';

/** What an operator does; `drain` and `abandon` are the first Ctrl-C and the last; clocks are the bastion's wall clock, by three hours. */
export interface Deed {
  readonly what: 'pause' | 'continue' | 'drain' | 'abandon' | 'clock forward' | 'clock back';
  /** As a share of the time that an undisturbed run takes. */
  readonly share: number;
}

export interface History {
  readonly hosts: number;
  readonly forks: number;
  readonly seed: number;
  readonly odds: Odds;
  readonly hasGuard: boolean;
  readonly maxFailures: number;
  readonly maxLost: number;
  readonly deeds: readonly Deed[];
}

/** What happened, and when: the journal's events, and an operator's Ctrl-C. */
export interface Happened {
  readonly atMs: number;
  readonly event: RunEvent | { readonly type: 'drained' };
}

export interface Simulated {
  readonly log: readonly Happened[];
  readonly hosts: ReadonlyMap<string, SimulatedHost>;
}

/** Waits before an event is written, as an engine would that lets a host wait; for showing that this is found out. */
export type Brake = (
  event: RunEvent,
  engine: { readonly time: VirtualTime; readonly log: readonly Happened[] },
) => Promise<void>;

/** In the shape of playbooks/executor-shutdown.yml, with commands that the simulated hosts know. */
function playbookOf({ forks, hasGuard, maxFailures, maxLost }: Omit<History, 'deeds' | 'odds' | 'seed'>): string {
  return `
- name: Executor shutdown
  hosts: all
  serial: [1, "100%"]
  forks: ${forks}
  strategy: host_pinned
  max_failures: ${maxFailures}
  max_lost: ${maxLost}
  vars:
    lost: [{id: task, pid: 7}]
  tasks:
    - {name: capture, shell: do capture, register: before, changed_when: false, timeout: 60}
    - {name: image, shell: do image}
    - {name: preflight, require_ledger: {name: fit}}
    - name: Shutdown and restart
      window:
        name: executor-shutdown
        length: "{{ before.stdout }}"
        reserve: "{{ (before.stdout | int) / 5 }}"
        expected: 40
        guard: ${hasGuard ? 'do home' : '{none: to see what the run itself does}'}
      block:
        - {name: shut, shell: do shut, timeout: 0}
        - {name: check, shell: do check, timeout: 60}
      must_finish:
        - {name: home, shell: do home}
        - {name: verify, shell: do verify, timeout: 60}
    - {name: stay, shell: do stay, timeout: 300, register: told, changed_when: false}
    - {name: look, debug: {var: lost}, when: told.stdout == 'lost'}
    - {name: good, ledger_renew: {name: agent-links, good_for: 5d}}
`;
}

const plans = new Map<string, ReturnType<typeof planOf>>();

/** Plans are values: one does for all histories that differ in nothing of it. */
function planFor(history: History): ReturnType<typeof planOf> {
  const playbook = playbookOf(history);
  const key = `${history.hosts}${playbook}`;
  const plan = plans.get(key) ?? planOf({ playbook, inventory: HOSTS(history.hosts), forks: history.forks });
  plans.set(key, plan);
  return plan;
}

const FIT: Note = {
  state: 'good',
  name: 'fit',
  at: '2025-12-31T00:00:00.000Z',
  renewedAt: '2025-12-31T00:00:00.000Z',
  until: '2027-01-01T00:00:00.000Z',
  measured: false,
  run: 'r',
};

const ADA = { user: 'ada', bastion: 'bastion' };

/** Roughly what a host takes, over all of them. */
export function usualMs({ hosts, forks }: History): number {
  return 160_000 * (1 + Math.ceil(hosts / forks));
}

/** Lives through a history: the real engine on simulated hosts, in virtual time. */
export async function simulate(history: History, brake?: Brake): Promise<Simulated> {
  const time = new VirtualTime();
  const [stop, orders] = [new Stop(), new Orders()];
  const { plan, secrets, expressions } = planFor(history);
  const hosts = new Map(
    Object.keys(plan.inventory.hosts).map((name) => [
      name,
      new SimulatedHost(fateOf(name, history.seed, history.odds), time),
    ]),
  );
  const log: Happened[] = [];
  const tell = (event: Happened['event']) => log.push({ atMs: time.monotonic(), event });
  const does: Readonly<Record<Deed['what'], () => void>> = {
    pause: () => void orders.give({ type: 'run_paused', reason: 'wait', by: ADA }),
    continue: () => void orders.give({ type: 'run_continued', reason: 'well', by: ADA }),
    drain: () => {
      tell({ type: 'drained' });
      stop.drain('Ctrl-C');
    },
    abandon: () => {
      does.drain();
      stop.abandon();
    },
    'clock forward': () => time.setWallAhead(3 * 3_600_000),
    'clock back': () => time.setWallAhead(-3 * 3_600_000),
  };
  for (const { what, share } of history.deeds) time.at(share * usualMs(history), does[what]);
  const record: World['record'] = async (event) => {
    if (log.length > 1000 + 100 * history.hosts) throw new Error('the engine goes round in circles');
    await brake?.(event, { time, log });
    tell(event);
    return true;
  };
  const run = runPlan({
    plan,
    secrets,
    past: [],
    stop,
    orders,
    playbookDir: '/play',
    refused: new Map(),
    world: {
      ...worldOf(hosts, history),
      clock: time,
      expressions,
      record,
    },
  });
  // Somebody has said to wait, and comes back an hour later.
  await time.passUntil(run, () => {
    if (!waitsIn(log)) return false;
    time.at(time.monotonic() + 3_600_000, does.continue);
    return true;
  });
  return { log, hosts };
}

/** Whether somebody has said to wait. */
export function waitsIn(log: readonly Happened[]): boolean {
  const order = log.findLast(({ event: { type } }) => type === 'run_paused' || type === 'run_continued');
  return order?.event.type === 'run_paused';
}

function worldOf(
  hosts: ReadonlyMap<string, SimulatedHost>,
  { seed, odds }: History,
): Omit<World, 'clock' | 'expressions' | 'record'> {
  const notes = new Map<string, Note>();
  return {
    connections: connectionsTo(hosts),
    bastion: {
      ledger: {
        latest: (host, name) => ({
          ok: true,
          facts: name === 'fit' && fateOf(host, seed, odds).isFit ? FIT : notes.get(`${host} ${name}`),
        }),
        seenAt: () => undefined,
      },
      read: async () => ({ ok: false, why: 'not here' }),
      digest: async () => ({ ok: false, why: 'not here' }),
      icmp: async () => ({ kind: 'alive' }),
      tcp: async () => ({ kind: 'open' }),
      http: async () => ({ kind: 'silent', why: 'nobody is there' }),
    },
    keep: async () => DONE,
    report: () => undefined,
    note: async (host, note) => {
      notes.set(`${host} ${note.name}`, note);
      return undefined;
    },
    operator: { pause: async () => ({ kind: 'continue', typed: '' }), resolve: async () => 'nobody' },
    run: '20260101-000000-test of tester on bastion',
    localPath: (path) => path,
  };
}

const DONE: Transferred = { kind: 'done' };

function connectionsTo(hosts: ReadonlyMap<string, SimulatedHost>): Connections {
  const files = { upload: async () => DONE, append: async () => DONE, download: async () => DONE };
  const all = new Map([...hosts].map(([name, host]) => [name, { run: host.run.bind(host), ...files }]));
  return {
    to: (target) => {
      const found = target.kind === 'ssh' ? all.get(target.name) : undefined;
      if (found === undefined) throw new Error(`no simulated host for ${JSON.stringify(target)}`);
      return found;
    },
    reach: () => undefined,
    close: async () => undefined,
  };
}
