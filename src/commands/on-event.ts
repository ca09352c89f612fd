import { spawn } from 'node:child_process';
import type { RunEvent, Stamped } from '../journal/event.ts';
import { journalLine } from '../journal/lines.ts';
import type { Report } from '../report/report.ts';

/** More events than these do not wait for a command that is too slow. */
const MOST_WAITING = 1000;
/** A command that takes longer for one event hangs. */
const LONGEST_MS = 60_000;
/** How long the end of a run waits for what has not been told yet. */
const LAST_MS = 10_000;

/** What goes by too fast for a process each, and does not stand in the journal either. */
const PASSING: ReadonlySet<RunEvent['type']> = new Set([
  'command_started',
  'command_output',
  'command_finished',
  'step_retried',
]);

/** Starts a command for each event, one after the other, with the event on its stdin. Whatever becomes of it, the run goes on. */
export function onEventCommand(command: string, warn: (message: string) => void): Report {
  const waiting: string[] = [];
  const over = new AbortController();
  let telling: Promise<void> | undefined;
  let hasWarned = false;

  const complain = (what: string) => {
    if (!hasWarned) warn(`--on-event: ${command}: ${what}; this is said once, and the run goes on`);
    hasWarned = true;
  };
  const tellAll = async () => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      const problem = await tell(command, line, over.signal);
      if (problem !== undefined) complain(problem);
    }
    telling = undefined;
  };
  const onEvent = (event: Stamped) => {
    if (PASSING.has(event.type) || over.signal.aborted) return;
    if (waiting.length >= MOST_WAITING)
      return complain(`it is too slow: more than ${MOST_WAITING} events waited for it, and some were dropped`);
    waiting.push(journalLine(event));
    telling ??= tellAll();
  };
  const finish = async () => {
    const giveUp = setTimeout(() => {
      complain(`${waiting.length + 1} events were still to be told when the run ended`);
      waiting.length = 0;
      over.abort();
    }, LAST_MS);
    await telling;
    clearTimeout(giveUp);
  };
  return { onEvent, finish };
}

/** What was wrong; undefined when the command took the event. */
function tell(command: string, line: string, signal: AbortSignal): Promise<string | undefined> {
  // A group of its own: Ctrl-C is meant for the run, and a command that hangs is ended with all that it started.
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const end = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };
  const timer = setTimeout(end, LONGEST_MS);
  signal.addEventListener('abort', end, { once: true });
  child.stdin.on('error', () => {});
  child.stdin.end(line);
  return new Promise<string | undefined>((done) => {
    child.once('error', (error) => done(`it cannot be started: ${error.message}`));
    child.once('close', (code, killed) =>
      done(code === 0 ? undefined : killed === null ? `it ended with exit code ${code}` : `it was ended by ${killed}`),
    );
  }).finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  });
}
