import type { Stamped } from '../journal/event.ts';
import { orderText, saidBy } from '../journal/orders.ts';
import { isList, isMap } from '../source/value.ts';
import { duration } from './durations.ts';
import { printable, printableLine } from './printable.ts';
import { reasonOf } from './reason.ts';
import { changeLines, pendingLines, simulatedOutcome } from './simulated.ts';

/** Longer pieces without a line break are written as they are. Characters. */
const LONGEST_LINE = 64 * 1024;

interface Partial {
  readonly at: string;
  readonly text: string;
}

/** Turns one host's events into the text of its log, line by line. Holds the output's last line until it is whole. */
export class HostLogText {
  readonly #partial = { stdout: undefined as Partial | undefined, stderr: undefined as Partial | undefined };

  /** The lines to append, each with its break; empty when there is nothing to say yet. */
  of(event: Stamped): string {
    if (event.type === 'command_output') return this.#output(event);
    return (
      this.end() +
      linesOf(event)
        .map((line) => `${event.at} ${line}\n`)
        .join('')
    );
  }

  #output(event: Stamped & { readonly type: 'command_output' }): string {
    const { stream, at } = event;
    const before = this.#partial[stream];
    const pieces = ((before?.text ?? '') + event.text).split('\n');
    const last = pieces.pop() ?? '';
    const whole = last.length > LONGEST_LINE ? [...pieces, last] : pieces;
    this.#partial[stream] =
      last === '' || whole.length > pieces.length
        ? undefined
        : { text: last, at: pieces.length === 0 ? (before?.at ?? at) : at };
    return whole.map((line, index) => outputLine(stream, index === 0 ? (before?.at ?? at) : at, line)).join('');
  }

  /** Lines that never got their break: the command is over, or somebody else has the word. */
  end(): string {
    return this.#endOf('stdout') + this.#endOf('stderr');
  }

  #endOf(stream: 'stdout' | 'stderr'): string {
    const partial = this.#partial[stream];
    if (partial === undefined) return '';
    this.#partial[stream] = undefined;
    return outputLine(stream, partial.at, partial.text);
  }
}

function outputLine(stream: 'stdout' | 'stderr', at: string, line: string): string {
  // A command with a terminal ends its lines with a carriage return too.
  return `${at}   ${stream === 'stdout' ? '|' : '!'} ${printable(line.replace(/\r$/, ''))}\n`;
}

function linesOf(event: Stamped): readonly string[] {
  switch (event.type) {
    case 'step_started':
      return [
        `-- ${printableLine(event.task)} (${event.taskId}; play "${printableLine(event.play)}", batch ${event.batch})`,
      ];
    case 'command_started':
      return commandLines(event);
    case 'command_finished':
      return [`  ${printableLine(event.outcome)} (${duration(event.ms)})`];
    case 'step_retried':
      return [
        `  attempt ${event.attempt} of ${event.of} did not do; again in ${duration(event.delayMs)}${colon(printableLine(event.reason))}`,
      ];
    case 'step_finished':
      return [
        ...checkLines(event),
        ...tableLines(event),
        ...(event.noLog ? [] : [...changeLines(event.result), ...pendingLines(event.result)]),
        `== ${outcomeOf(event)} (${duration(event.ms)})${event.status === 'ok' || event.status === 'changed' ? '' : colon(finishedReason(event))}`,
      ];
    case 'window_opened':
    case 'window_closed':
      return [`-- window ${printableLine(event.window)} ${event.type === 'window_opened' ? 'opened' : 'closed'}`];
    case 'host_refused':
      return [`== refused: ${printableLine(event.reason)}`];
    case 'host_forced':
    case 'host_restarted':
    case 'host_skipped':
    case 'host_retried':
      return [`** ${printableLine(`${orderText(event)} ${saidBy(event)}`)}`];
    case 'warning':
      return [`warning: ${printableLine(event.message)}`];
    default:
      return [];
  }
}

/** What a gate looked at, passed or not. */
function checkLines({ noLog, result }: Finished): readonly string[] {
  if (noLog || !isList(result.checks)) return [];
  return result.checks.filter(isMap).map(({ check, passed, verdict, why }) => {
    // Some gates tell what they could not find out from what they found in order.
    const word = typeof verdict === 'string' ? verdict : passed === true ? 'PASS' : 'FAIL';
    return `  ${word} ${printableLine(`${check}: ${why}`)}`;
  });
}

/** What a task lays side by side for people to read. */
function tableLines({ noLog, result }: Finished): readonly string[] {
  if (noLog || !isList(result.table)) return [];
  return result.table.map((line) => `  ${printableLine(String(line))}`.trimEnd());
}

function commandLines(event: Stamped & { readonly type: 'command_started' }): readonly string[] {
  const where = event.where === undefined ? '' : ` on ${printableLine(event.where)}`;
  const purpose = event.purpose === 'work' ? '' : ` [${event.purpose}]`;
  const [first = '', ...others] = event.command.split('\n').map((line) => printable(line));
  return [`$${purpose}${where} ${first}`, ...others.map((line) => `> ${line}`)];
}

type Finished = Pick<
  Stamped & { readonly type: 'step_finished' },
  'status' | 'ignored' | 'rescued' | 'noLog' | 'result'
>;

/** The status with what takes its edge off: `failed (ignored)`. */
export function outcomeOf(event: Finished): string {
  if (event.ignored) return `${event.status} (ignored)`;
  if (event.rescued) return `${event.status} (rescued)`;
  return (isWell(event) ? simulatedOutcome(event.result) : undefined) ?? event.status;
}

function isWell({ status }: Finished): boolean {
  return status === 'ok' || status === 'changed' || status === 'skipped';
}

/** Why a step was not simply done; empty when there is nothing to say. */
export function finishedReason(event: Finished): string {
  const isForeseen = event.result.foreseen === true && event.result.msg !== undefined;
  if ((event.status === 'ok' || event.status === 'changed') && !isForeseen) return '';
  if (event.noLog) return 'hidden by no_log';
  if (event.status === 'skipped')
    return typeof event.result.skip_reason === 'string' ? printableLine(event.result.skip_reason) : '';
  return reasonOf(event.result);
}

/** `: text`, or nothing for nothing. */
export function colon(text: string): string {
  return text === '' ? '' : `: ${text}`;
}
