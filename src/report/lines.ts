import { foldHosts } from '../inventory/fold.ts';
import type { Order, RunEvent, Stamped } from '../journal/event.ts';
import { orderText, saidBy } from '../journal/orders.ts';
import type { Progress } from '../journal/progress.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import { duration, timeOfDay } from './durations.ts';
import { sayingForecasts } from './forecast-line.ts';
import { colon, finishedReason, outcomeOf } from './host-log-text.ts';
import { gathered, quietly } from './json.ts';
import { NO_COLOURS } from './paint.ts';
import { printableLine } from './printable.ts';
import { type RecapOptions, recapOf } from './recap.ts';
import { recapLines } from './recap-text.ts';
import type { Report } from './report.ts';
import { changeLines, pendingLines } from './simulated.ts';

export interface LinesOptions extends RecapOptions {
  readonly stream: NodeJS.WritableStream;
  /** Where the run is now: read once at the end, for the recap. */
  readonly progress: () => Progress;
}

/** Plain lines where there is no terminal: one for each step as it ends, headings for batches, the recap. */
export function linesReport(options: LinesOptions): Report {
  const output = gathered(quietly(options.stream));
  const sayForecast = sayingForecasts();
  const onEvent = (event: Stamped) => {
    const text = event.type === 'forecast' ? sayForecast(event) : lineOf(event, options);
    if (text !== undefined) output.write(`${timeOfDay(event.at)} ${text}\n${below(event)}`);
  };
  const finish = () => {
    const lines = recapLines(recapOf(options.progress(), options), NO_COLOURS);
    output.write(`\n${lines.join('\n')}\n`);
    return output.flushed();
  };
  return { onEvent, finish };
}

type Finished = Extract<RunEvent, { type: 'step_finished' }>;

function lineOf(event: Exclude<Stamped, { type: 'forecast' }>, options: LinesOptions): string | undefined {
  const { plan, logFolder } = options;
  switch (event.type) {
    case 'run_started':
      return `${event.check === true ? 'DRY RUN: hosts are asked, nothing is done. ' : ''}Run ${event.run} of ${printableLine(event.playbook)} on ${event.hosts} ${event.hosts === 1 ? 'host' : 'hosts'}; logs in ${printableLine(logFolder)}`;
    case 'run_resumed':
      return `Run ${event.run} goes on`;
    case 'play_started':
      return `PLAY ${printableLine(event.play)} (${event.hosts} ${event.hosts === 1 ? 'host' : 'hosts'})`;
    case 'batch_started':
      return `BATCH ${event.batch} of ${batchesIn(plan, event.playNumber)}: ${printableLine(foldHosts(event.hosts))} (${event.hosts.length})`;
    case 'step_finished':
      return `${printableLine(event.host)} | ${printableLine(event.task)} | ${outcomeOf(event)} | ${duration(event.ms)}${colon(debugText(event, plan) || finishedReason(event))}`;
    case 'step_retried':
      return `${printableLine(event.host)} | ${printableLine(event.task)} | attempt ${event.attempt} of ${event.of} did not do, again in ${duration(event.delayMs)}${colon(printableLine(event.reason))}`;
    case 'host_refused':
      return `${printableLine(event.host)} | refused: ${printableLine(event.reason)}`;
    case 'window_opened':
    case 'window_closed':
      return `${printableLine(event.host)} | window ${printableLine(event.window)} ${event.type === 'window_opened' ? 'opened' : 'closed'}`;
    case 'stopping':
      return `STOPPING: ${printableLine(event.reason)}`;
    case 'warning':
      return warningText(event);
    case 'run_paused':
    case 'run_continued':
    case 'run_aborted':
    case 'host_forced':
    case 'host_restarted':
    case 'host_skipped':
    case 'host_retried':
      return orderLine(event);
    case 'journal_salvaged':
    case 'step_started':
    case 'command_started':
    case 'command_output':
    case 'command_finished':
    case 'batch_finished':
    case 'play_finished':
    case 'run_finished':
      return undefined;
  }
}

/** More lines of what a step would send are in its host's log. */
const MOST_LINES = 20;

function below(event: Stamped): string {
  if (event.type !== 'step_finished' || event.noLog) return '';
  const pending = pendingLines(event.result);
  const rest = pending.length - MOST_LINES;
  const shown = rest > 1 ? [...pending.slice(0, MOST_LINES), `  … ${rest} lines more in the host's log`] : pending;
  return [...changeLines(event.result), ...shown].map((line) => `${line}\n`).join('');
}

/** What a debug task is there to say. */
function debugText(event: Finished, plan: LinesOptions['plan']): string {
  const play = plan.plays.find(({ number }) => number === event.playNumber);
  if (play?.tasks.find(({ id }) => id === event.taskId)?.action !== 'debug' || event.status !== 'ok' || event.noLog)
    return '';
  const { results } = event.result;
  return printableLine(isList(results) ? results.filter(isMap).map(saidIn).join('; ') : saidIn(event.result));
}

const BESIDE = new Set(['changed', 'failed', 'skipped', 'item', 'ansible_loop_var']);

function saidIn(result: ValueMap): string {
  const said = Object.entries(result).filter(([key]) => !BESIDE.has(key));
  const [only, ...others] = said;
  if (only === undefined) return '';
  const text = (value: Value) => (typeof value === 'string' ? value : JSON.stringify(value));
  return only[0] === 'msg' && others.length === 0 ? text(only[1]) : text(Object.fromEntries(said));
}

/** What somebody said, on one line, for people. */
export function orderLine(order: Order): string {
  return `ORDER: ${printableLine(`${orderText(order)} ${saidBy(order)}`)}`;
}

/** A warning on one line, for people. */
export function warningText({ host, message }: { readonly host?: string; readonly message: string }): string {
  return `WARNING: ${host === undefined ? '' : `${printableLine(host)}: `}${printableLine(message)}`;
}

function batchesIn(plan: LinesOptions['plan'], playNumber: number): number | string {
  return plan.plays.find(({ number }) => number === playNumber)?.batches.length ?? '?';
}
