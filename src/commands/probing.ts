import { createBastion } from '../connection/bastion.ts';
import { Orders } from '../engine/orders.ts';
import { runPlan } from '../engine/run.ts';
import { Stop } from '../engine/stop.ts';
import type { World } from '../engine/world.ts';
import type { RunEvent } from '../journal/event.ts';
import { exitCodeOf } from '../journal/exit-code.ts';
import { advance, noProgress } from '../journal/progress.ts';
import { stamp } from '../journal/stamp.ts';
import { type Observed, RUN } from '../review/observed.ts';
import { observedIn } from '../review/observing.ts';
import { operatorHere, type RunningOptions, stateDirOf } from './execute.ts';
import type { Loaded } from './load.ts';
import { localPaths } from './local-paths.ts';
import { ledgerMachine, machinesOf } from './machines.ts';
import { connect } from './reaching.ts';
import { realClock } from './real-clock.ts';
import { ledgerFileOf, runLedger } from './run-ledger.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

type ProbingOptions = Pick<RunningOptions, 'hostKeyChecking' | 'stateDir'>;

export interface Probed {
  readonly observed: Observed;
  readonly exitCode: number;
}

/** Asks every host of a plan what would be done on it. Leaves nothing behind: no run, no journal, nothing on any host. */
export async function probe(loaded: Loaded, options: ProbingOptions, terminal: Terminal): Promise<Probed> {
  const { plan } = loaded;
  const progress = noProgress();
  const stop = new Stop();
  const show = (event: RunEvent) => {
    advance(progress, stamp(event, realClock.now()));
    if (event.type === 'warning')
      terminal.err(`${event.host === undefined ? '' : `${event.host}: `}${event.message}\n`);
  };
  const warn = (message: string) => show({ type: 'warning', message });
  const connections = connect(options, terminal, warn);
  const forget = terminal.onInterrupt((signal) => {
    stop.drain(`${signal}: no further host is asked`);
    stop.abandon();
    show({ type: 'stopping', scope: 'run', why: 'interrupted', reason: `${signal}: no further host is asked` });
  });
  const from = realClock.now().toISOString();
  show(opening(loaded, terminal));
  try {
    await runPlan({
      ...loaded,
      past: [],
      stop,
      orders: new Orders(),
      refused: new Map(),
      dryRun: 'probe',
      diff: true,
      world: worldOf(loaded, options, terminal, connections, show),
    });
  } finally {
    forget();
    await connections.close();
  }
  const { exitCode } = exitCodeOf(progress, plan, { interrupted: false, fault: false });
  return { observed: observedIn(progress, plan, from, realClock.now().toISOString()), exitCode };
}

function worldOf(
  loaded: Loaded,
  options: ProbingOptions,
  terminal: Terminal,
  connections: ReturnType<typeof connect>,
  show: (event: RunEvent) => void,
): World {
  const machines = machinesOf(loaded, connections);
  const file = ledgerFileOf(stateDirOf(options, terminal));
  const ledger = runLedger(file, loaded.plan.id, (host) => ledgerMachine(machines, host), noProgress);
  const nothingIsDone = () => Promise.reject(new Error('a probe was about to do something'));
  return {
    run: RUN,
    connections,
    bastion: { ...createBastion(), ledger: ledger.known },
    keep: nothingIsDone,
    note: nothingIsDone,
    clock: realClock,
    expressions: loaded.expressions,
    record: async (event) => {
      show(event);
      return true;
    },
    report: show,
    operator: { pause: async () => ({ kind: 'nobody' }), resolve: async () => 'nobody' },
    localPath: localPaths(loaded.playbookDir),
  };
}

function opening({ plan }: Loaded, { cwd }: Terminal): RunEvent {
  return {
    type: 'run_started',
    version: 1,
    run: 'probe',
    plan: plan.id,
    playbook: plan.playbook,
    hosts: Object.keys(plan.inventory.hosts).length,
    check: true,
    rollgate: version(),
    ...operatorHere(),
    folder: cwd,
    sources: { inventory: [], variables: [] },
  };
}
