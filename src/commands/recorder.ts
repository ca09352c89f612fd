import type { RunEvent, Stamped } from '../journal/event.ts';
import { exitCodeOf } from '../journal/exit-code.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import { advance, type Progress, replay } from '../journal/progress.ts';
import { saveSummary } from '../journal/run-folder.ts';
import { stamp } from '../journal/stamp.ts';
import { hostLogs } from '../report/host-logs.ts';
import type { Report } from '../report/report.ts';
import { hostsNotDone, summaryOf } from '../report/summary.ts';
import { chooseReport, type Watching } from './choose-report.ts';
import type { Job, RunningOptions } from './execute.ts';
import type { Loaded } from './load.ts';
import { onEventCommand } from './on-event.ts';
import { realClock } from './real-clock.ts';
import type { Terminal } from './terminal.ts';

/** What reports need to know beside the events. */
export interface Shown {
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
    { format, onEvent }: Pick<RunningOptions, 'format' | 'onEvent'>,
    terminal: Terminal,
  ): Promise<readonly [Recorder, Watching]> {
    const recorder = new Recorder(job, shown, await openJournal(job.folder.journalFile), terminal);
    const watching = await chooseReport(format, terminal, { ...shown, progress: () => recorder.#progress });
    recorder.#reports = [
      // First, since what it has to complain of at the end must still be seen.
      ...(onEvent === undefined ? [] : [onEventCommand(onEvent, recorder.warn)]),
      watching,
      hostLogs({ folder: job.folder.hostsDir, onFault: recorder.warn }),
    ];
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
    const { exitCode, reason } = exitCodeOf(this.#progress, this.#job.plan, {
      interrupted,
      fault: this.#fault,
      isDetailed: this.#job.dryRun?.isDetailed === true,
    });
    await this.record({ type: 'run_finished', exitCode, reason });
    const summary = saveSummary(
      this.#job.folder,
      summaryOf(this.#progress, this.#shown),
      hostsNotDone(this.#progress, this.#shown),
    ).then(
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
