import { hostname, userInfo } from 'node:os';
import { relative, resolve } from 'node:path';
import { createBastion } from '../connection/bastion.ts';
import type { CheckedConnections } from '../connection/connections.ts';
import { targetsOf } from '../engine/machines.ts';
import { runPlan } from '../engine/run.ts';
import { Stop } from '../engine/stop.ts';
import type { RunEvent, Stamped } from '../journal/event.ts';
import { exitCodeOf } from '../journal/exit-code.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import { advance, type Progress, replay } from '../journal/progress.ts';
import { type RunFolder, saveSummary } from '../journal/run-folder.ts';
import { stamp } from '../journal/stamp.ts';
import type { HoldOwner, Holds } from '../ledger/holds.ts';
import { thisProcess } from '../ledger/process.ts';
import { hostLogs } from '../report/host-logs.ts';
import type { Report } from '../report/report.ts';
import { summaryOf } from '../report/summary.ts';
import { chooseReport, type Format, type Watching } from './choose-report.ts';
import { drainOnInterrupt } from './interruptions.ts';
import type { Loaded } from './load.ts';
import { localPaths } from './local-paths.ts';
import { operatorAt } from './operator.ts';
import { connect } from './reaching.ts';
import { realClock } from './real-clock.ts';
import type { Terminal } from './terminal.ts';

/** How a run is shown and steered, from the command line. */
export interface RunningOptions {
  readonly yes?: boolean;
  readonly format: Format;
  readonly stateDir?: string;
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
}

export function stateDirOf(options: Pick<RunningOptions, 'stateDir'>, terminal: Terminal): string {
  return resolve(terminal.cwd, options.stateDir ?? terminal.env.ROLLGATE_STATE_DIR ?? '.rollgate');
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
  const [recorder, watching] = await Recorder.open(job, shown, options.format, terminal);
  const stop = new Stop();
  const settle = drainOnInterrupt(terminal, stop, recorder);
  const { warn } = recorder;
  const connections = connect(options, terminal, warn);
  try {
    await recorder.record(job.opening);
    await runPlan({
      plan: job.plan,
      secrets: job.secrets,
      past: job.past,
      world: {
        connections,
        bastion: createBastion(),
        clock: realClock,
        expressions: job.expressions,
        record: async (event) => {
          const isOnDisk = await recorder.record(event);
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
      playbookDir: job.playbookDir,
      refused: heldByOthers(job, connections),
    }).catch((error: unknown) => recorder.blame(error));
    return await recorder.conclude(settle() > 0);
  } finally {
    settle();
    await connections.close();
    await recorder.close();
  }
}

function resumeCommand(folder: RunFolder, options: RunningOptions): string {
  return `rollgate resume ${folder.id}${options.stateDir === undefined ? '' : ` --state-dir ${options.stateDir}`}`;
}

/** Hosts whose machine another live run on this bastion holds, and the reason to turn them away with. */
function heldByOthers(job: Job, connections: CheckedConnections): ReadonlyMap<string, string> {
  const targets = targetsOf(job.plan, job.secrets, job.expressions, job.playbookDir);
  const machines = new Map([...targets].map(([host, target]) => [host, connections.machine(target)]));
  const keys = [...machines.values()].filter((machine) => machine !== undefined);
  const { refused } = job.holds.acquire(keys, ownerOf(job.folder, job.plan.playbook, realClock.now()));
  const owners = new Map<string | undefined, HoldOwner>(refused.map(({ key, owner }) => [key, owner]));
  const reasons = [...machines].flatMap(([host, machine]): [string, string][] => {
    const owner = owners.get(machine);
    if (owner === undefined) return [];
    return [[host, `run ${owner.run} of ${owner.user} (pid ${owner.pid}) has held it since ${owner.since}`]];
  });
  return new Map(reasons);
}

/** One writer for a journal: holds the run, or says who does. */
export function holdRun(holds: Holds, folder: RunFolder, now: Date): string | undefined {
  const [refusal] = holds.acquire([`run ${folder.path}`], ownerOf(folder, '', now)).refused;
  return refusal === undefined
    ? undefined
    : `run ${folder.id} is under way: ${refusal.owner.user} runs it (pid ${refusal.owner.pid}) since ${refusal.owner.since}`;
}

function ownerOf(folder: RunFolder, playbook: string, now: Date): HoldOwner {
  return { ...thisProcess(), run: folder.id, user: userInfo().username, since: now.toISOString(), playbook };
}

interface Shown {
  readonly plan: Loaded['plan'];
  readonly logFolder: string;
  readonly resumeCommand: string;
}

/** Takes every event: onto the disk, into the progress, to whoever watches. */
export class Recorder {
  readonly #job: Job;
  readonly #shown: Shown;
  readonly #journal: Journal;
  readonly #terminal: Terminal;
  #reports: readonly Report[] = [];
  #progress: Progress;
  #fault = false;
  #finished = false;

  private constructor(job: Job, shown: Shown, journal: Journal, terminal: Terminal) {
    this.#job = job;
    this.#shown = shown;
    this.#journal = journal;
    this.#terminal = terminal;
    this.#progress = replay(job.past);
  }

  /** The recorder, and the report that a person watches. */
  static async open(
    job: Job,
    shown: Shown,
    format: Format,
    terminal: Terminal,
  ): Promise<readonly [Recorder, Watching]> {
    const recorder = new Recorder(job, shown, await openJournal(job.folder.journalFile), terminal);
    const watching = await chooseReport(format, terminal, { ...shown, progress: () => recorder.#progress });
    recorder.#reports = [watching, hostLogs({ folder: job.folder.hostsDir, onFault: recorder.warn })];
    return [recorder, watching];
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** Resolves when the event is on disk; false when the disk failed. */
  async record(event: RunEvent): Promise<boolean> {
    const stamped = this.show(event);
    try {
      await this.#journal.append(stamped);
      return true;
    } catch (error) {
      if (!this.#fault) this.show({ type: 'warning', message: error instanceof Error ? error.message : String(error) });
      this.#fault = true;
      return false;
    }
  }

  show(event: RunEvent): Stamped {
    const stamped = stamp(event, realClock.now());
    this.#progress = advance(this.#progress, stamped);
    for (const report of this.#reports) report.onEvent(stamped);
    return stamped;
  }

  /** A bug: the run ends with 1, and with a journal, a recap and a summary all the same. */
  async blame(error: unknown): Promise<void> {
    this.#fault = true;
    const what = error instanceof Error ? error.stack : String(error);
    await this.record({ type: 'warning', message: `a fault in rollgate itself; please report it: ${what}` });
  }

  readonly warn = (message: string): void => {
    this.show({ type: 'warning', message });
  };

  /** The end of the run: its exit code, its summary, its recap. */
  async conclude(interrupted: boolean): Promise<number> {
    const { exitCode, reason } = exitCodeOf(this.#progress, this.#job.plan, { interrupted, fault: this.#fault });
    await this.record({ type: 'run_finished', exitCode, reason });
    const summary = saveSummary(this.#job.folder, summaryOf(this.#progress, this.#shown)).then(
      () => undefined,
      (error: Error) => error.message,
    );
    await this.#finishReports();
    const problem = await summary;
    if (problem === undefined) return this.#fault ? 1 : exitCode;
    this.#terminal.err(`the summary could not be saved: ${problem}\n`);
    return 1;
  }

  /** Leaves nothing half shown and nothing half written, whatever happened. */
  async close(): Promise<void> {
    await this.#finishReports();
    await this.#journal.close();
  }

  async #finishReports(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    for (const report of this.#reports) await report.finish();
  }
}
