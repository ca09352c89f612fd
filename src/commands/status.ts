import { Following } from '../journal/follow.ts';
import { advance, noProgress, type Progress } from '../journal/progress.ts';
import type { RunFolder } from '../journal/run-folder.ts';
import type { Plan } from '../plan/plan.ts';
import { COLOURS, NO_COLOURS } from '../report/paint.ts';
import { type RunStatus, statusOf } from '../report/status.ts';
import { statusLines } from '../report/status-text.ts';
import { DONE, MISTAKE } from './exit-codes.ts';
import { holderOfRun, type LookOptions, lookForRun, shownPath, suffixOf } from './look-at-run.ts';
import { readPlan } from './read-run.ts';
import { realClock } from './real-clock.ts';
import type { Terminal } from './terminal.ts';

export interface StatusOptions extends LookOptions {
  readonly watch?: boolean;
  readonly format: 'text' | 'json';
}

/** How often a watched run is looked at. Milliseconds. */
const REFRESH_MS = 1000;
/** Cursor to the upper left, the rest of the screen cleared: no flicker. */
const FROM_THE_TOP = '\x1b[H\x1b[J';

/** Shows where a run stands, once, or until it ends. */
export async function status(id: string | undefined, options: StatusOptions, terminal: Terminal): Promise<number> {
  const folder = await lookForRun(id, options, terminal);
  if (typeof folder === 'number') return folder;
  const plan = readPlan(folder.planFile);
  if (plan === undefined) {
    terminal.err(`${folder.planFile} is not the plan that was saved: it was changed or is broken\n`);
    return MISTAKE;
  }
  const looking = new Looking(folder, plan, options, terminal);
  return options.watch === true ? watch(looking, options, terminal) : looking.show('');
}

async function watch(looking: Looking, { format }: StatusOptions, terminal: Terminal): Promise<number> {
  const over = new AbortController();
  const forget = terminal.onInterrupt(() => over.abort());
  try {
    for (;;) {
      const exitCode = looking.show(format === 'text' && terminal.showsRows ? FROM_THE_TOP : '');
      if (exitCode !== DONE || looking.isOver || over.signal.aborted) return exitCode;
      await realClock.sleep(REFRESH_MS, over.signal).catch(() => undefined);
    }
  } finally {
    forget();
  }
}

/** A look at a run, renewed by what its journal holds since the last one. */
class Looking {
  readonly #folder: RunFolder;
  readonly #plan: Plan;
  readonly #options: StatusOptions;
  readonly #terminal: Terminal;
  readonly #journal: Following;
  #progress: Progress = noProgress();
  isOver = false;

  constructor(folder: RunFolder, plan: Plan, options: StatusOptions, terminal: Terminal) {
    this.#folder = folder;
    this.#plan = plan;
    this.#options = options;
    this.#terminal = terminal;
    this.#journal = new Following(folder.journalFile);
  }

  /** Gives the exit code. */
  show(before: string): number {
    // Asked first: a run that ends in between has written its end by then.
    const holder = holderOfRun(this.#folder);
    const read = this.#journal.read();
    for (const event of read.events) this.#progress = advance(this.#progress, event);
    this.isOver = holder === undefined;
    const suffix = suffixOf(this.#options);
    const seen = statusOf(this.#progress, {
      plan: this.#plan,
      now: realClock.now().toISOString(),
      ...(holder === undefined ? {} : { holder }),
      suffix,
      logFolder: shownPath(this.#folder.hostsDir, this.#terminal),
      resumeCommand: `rollgate resume ${this.#folder.id}${suffix}`,
    });
    this.#terminal.out(before + this.#text(seen, before !== ''));
    if (read.ok) return DONE;
    this.#terminal.err(
      `${this.#folder.journalFile}:${read.line}: ${read.reason}; what is shown is what stands before it\n`,
    );
    return MISTAKE;
  }

  #text(seen: RunStatus, isOneScreen: boolean): string {
    if (this.#options.format === 'json') return `${JSON.stringify(seen)}\n`;
    const { stdout, showsRows, colour } = this.#terminal;
    const columns = showsRows ? (stdout as NodeJS.WriteStream).columns : Number.POSITIVE_INFINITY;
    const lines = statusLines(seen, columns, showsRows && colour ? COLOURS : NO_COLOURS);
    const rows = isOneScreen ? (stdout as NodeJS.WriteStream).rows - 1 : lines.length;
    return `${lines.slice(0, rows).join('\n')}\n`;
  }
}
