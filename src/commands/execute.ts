import { hostname, userInfo } from 'node:os';
import { relative, resolve } from 'node:path';
import { createBastion } from '../connection/bastion.ts';
import { keep } from '../connection/keep.ts';
import type { Approved } from '../engine/as-approved.ts';
import { judgeOrder, type OrderRequest } from '../engine/judge-order.ts';
import { Orders } from '../engine/orders.ts';
import { runPlan } from '../engine/run.ts';
import { Stop } from '../engine/stop.ts';
import type { HostOrder, RunEvent, Stamped } from '../journal/event.ts';
import type { RunFolder } from '../journal/run-folder.ts';
import { stamp } from '../journal/stamp.ts';
import type { Holds } from '../ledger/holds.ts';
import { quote } from '../shell/script.ts';
import type { Format } from './choose-report.ts';
import { type Answer, listenForOrders } from './control-socket.ts';
import { foretelling } from './foretelling.ts';
import { heldByOthers, keepBeating } from './holding.ts';
import { awaitOpening, closeAfterHours, type Hours, type HoursOptions } from './hours.ts';
import { drainOnInterrupt } from './interruptions.ts';
import type { Loaded } from './load.ts';
import { localPaths } from './local-paths.ts';
import { ledgerMachine, machinesOf } from './machines.ts';
import { operatorAt } from './operator.ts';
import { connect } from './reaching.ts';
import { realClock } from './real-clock.ts';
import { Recorder } from './recorder.ts';
import { ledgerFileOf, runLedger } from './run-ledger.ts';
import type { Terminal } from './terminal.ts';

/** How a run is shown and steered, from the command line. */
export interface RunningOptions extends HoursOptions {
  readonly yes?: boolean;
  readonly format: Format;
  /** A command that is told each event of the journal. */
  readonly onEvent?: string;
  readonly stateDir?: string;
  /** What to do when the terminal goes away. */
  readonly hangup: 'go-on' | 'stop';
  readonly hostKeyChecking?: 'strict' | 'accept-new' | 'off';
}

/** A run in its folder, about to begin or to go on. */
export interface Job extends Loaded {
  readonly folder: RunFolder;
  /** Holds the run itself already; machines are added. */
  readonly holds: Holds;
  readonly past: readonly Stamped[];
  /** What opens this leg of the run in the journal. */
  readonly opening: RunEvent;
  readonly answer?: 'assume-done' | 'redo';
  /** What those who approved the plan had seen of its hosts. */
  readonly approved?: Approved;
  readonly hours: Hours;
  /** What whoever resumes it says of hosts. */
  readonly orders?: readonly HostOrder[];
  /** The only hosts that this leg is about, but for open windows. */
  readonly only?: ReadonlySet<string>;
  /** Hosts are asked, and nothing is done. */
  readonly dryRun?: { readonly isDetailed: boolean };
  /** What changes in texts is shown. */
  readonly diff?: boolean;
}

export function stateDirOf(options: Pick<RunningOptions, 'stateDir'>, terminal: Terminal): string {
  return resolve(terminal.cwd, options.stateDir ?? (terminal.env.ROLLGATE_STATE_DIR || '.rollgate'));
}

/** Who runs this, and where, for the journal. */
export function operatorHere(): { readonly operator: string; readonly bastion: string } {
  return { operator: userInfo().username, bastion: hostname() };
}

/** Runs a plan to where it can be run to, and shows and records all of it. Gives the exit code. */
export async function execute(job: Job, options: RunningOptions, terminal: Terminal): Promise<number> {
  const shown = {
    plan: job.plan,
    logFolder: relative(terminal.cwd, job.folder.hostsDir) || job.folder.hostsDir,
    resumeCommand: resumeCommand(job.folder, options),
  };
  const report = { ...options, format: formatOf(job, options) };
  const [recorder, watching] = await Recorder.open(job, shown, report, terminal);
  const stop = new Stop();
  const settle = drainOnInterrupt(terminal, stop, recorder, options.hangup);
  const { warn } = recorder;
  const connections = connect(options, terminal, warn);
  const machines = machinesOf(job, connections);
  const ledger = runLedger(
    ledgerFileOf(stateDirOf(options, terminal)),
    job.plan.id,
    (host) => ledgerMachine(machines, host),
    () => recorder.progress,
  );
  const foretell = foretelling(job.plan, ledger.ends, recorder);
  const endWatch = closeAfterHours(job.hours, realClock, stop, (event) => recorder.record(event));
  const given = new Orders();
  // It keeps a run alive, too, that is paused and waits for a person: Node would take it for one that has nothing more to do.
  const stopBeating = keepBeating(job.holds, warn);
  const deafen =
    job.dryRun === undefined
      ? await listenForOrders(job.folder, (request) => takeOrder(request, job, recorder, given)).catch((error: Error) =>
          warn(`orders cannot be given to this run, only Ctrl-C: ${error.message}`),
        )
      : undefined;
  try {
    await recorder.record(job.opening);
    const orders = (job.orders ?? []).map((order) => stamp(order, realClock.now()));
    for (const order of orders) await recorder.record(order);
    await runPlan({
      plan: job.plan,
      secrets: job.secrets,
      past: [...job.past, ...orders],
      world: {
        run: runOf(job),
        connections,
        bastion: { ...createBastion(), ledger: ledger.known },
        keep,
        note: ledger.note,
        clock: realClock,
        expressions: job.expressions,
        record: async (event) => {
          const isOnDisk = await recorder.record(event);
          if (job.dryRun === undefined) foretell(event);
          if (!isOnDisk) stop.drain('the journal cannot be written');
          return isOnDisk;
        },
        report: (event) => recorder.show(event),
        operator: operatorAt(terminal, watching, {
          yes: options.yes === true,
          ...(job.answer === undefined ? {} : { answer: job.answer }),
        }),
        localPath: localPaths(job.playbookDir),
      },
      stop,
      orders: given,
      playbookDir: job.playbookDir,
      // Who only asks is in nobody's way.
      refused: job.dryRun === undefined ? heldByOthers(job, machines, warn) : new Map(),
      ...(job.approved === undefined ? {} : { approved: job.approved }),
      ...(job.only === undefined ? {} : { only: job.only }),
      opening: () => awaitOpening(job.hours, realClock, stop, warn),
      ...(job.dryRun === undefined ? {} : { dryRun: 'check' as const }),
      diff: job.diff === true,
    }).catch((error: unknown) => recorder.blame(error));
    endWatch();
    return await recorder.conclude(settle() > 0);
  } finally {
    endWatch();
    settle();
    deafen?.();
    stopBeating();
    await connections.close();
    await recorder.close();
  }
}

/** What a dry run would do is to be read, and rows are drawn over. */
function formatOf({ dryRun, diff }: Job, { format }: RunningOptions): Format {
  return format === 'auto' && (dryRun !== undefined || diff === true) ? 'lines' : format;
}

/** Nothing may come between the judgement and what is judged: both in one turn. */
async function takeOrder(
  request: OrderRequest,
  { plan }: Job,
  { progress }: Recorder,
  orders: Orders,
): Promise<Answer> {
  const judged = judgeOrder(request, plan, progress, true);
  if (!judged.ok) return judged;
  switch (await orders.give(judged.order)) {
    case 'taken':
      return { ok: true };
    case 'lost':
      return { ok: false, reason: 'the journal cannot be written: the order holds until the run ends, and not after' };
    case 'nobody':
      return { ok: false, reason: 'the run is just beginning or ending: try again' };
  }
}

/** Tells this run from one of the same name on another bastion; the same whoever resumes it where. */
function runOf({ past, opening }: Job): string {
  const started = [...past, opening].find((event) => event.type === 'run_started');
  return started === undefined ? opening.type : `${started.run} of ${started.operator} on ${started.bastion}`;
}

function resumeCommand(folder: RunFolder, options: RunningOptions): string {
  return `rollgate resume ${folder.id}${options.stateDir === undefined ? '' : ` --state-dir ${quote(options.stateDir)}`}`;
}
