import type { Progress } from '../journal/progress.ts';
import type { Plan } from '../plan/plan.ts';
import { jsonReport } from '../report/json.ts';
import { linesReport } from '../report/lines.ts';
import type { RecapOptions } from '../report/recap.ts';
import type { Report } from '../report/report.ts';
import type { Terminal } from './terminal.ts';

export type Format = 'auto' | 'lines' | 'json';

/** A report that steps aside while a person is asked something. */
export interface Watching extends Report {
  aside<T>(ask: () => Promise<T>): Promise<T>;
}

/** Rows where a person watches, lines where a file or another program does. */
export async function chooseReport(
  format: Format,
  terminal: Terminal,
  options: RecapOptions & { readonly plan: Plan; readonly progress: () => Progress },
): Promise<Watching> {
  const { stdout: stream } = terminal;
  if (format === 'json') return { ...jsonReport({ stream }), aside: (ask) => ask() };
  if (format === 'lines' || !terminal.showsRows)
    return { ...linesReport({ ...options, stream }), aside: (ask) => ask() };
  // listr2 takes a while to load, and only a terminal needs it.
  const { terminalReport } = await import('../report/terminal.ts');
  const rows = terminalReport({ ...options, stream, colour: terminal.colour, now: Date.now });
  const aside = async <T>(ask: () => Promise<T>): Promise<T> => {
    await rows.suspend();
    return ask().finally(() => rows.resume());
  };
  return { onEvent: (event) => rows.onEvent(event), finish: () => rows.finish(), aside };
}
