import { join } from 'node:path';
import type { Stamped } from '../journal/event.ts';
import { Appending } from './appending.ts';
import { HostLogText } from './host-log-text.ts';
import { logFileName } from './log-file.ts';
import type { Report } from './report.ts';

/** Files open at a time, however many hosts there are. */
const MOST_OPEN = 128;
/** A host's text is written when it has grown so far, if its step does not end before. Characters. */
const MOST_WAITING = 64 * 1024;
/** What has been gathered is written so often at least: somebody may be watching. Milliseconds. */
const REFRESH_MS = 1000;

export interface HostLogsOptions {
  /** Must exist. */
  readonly folder: string;
  /** Told once when logs can no longer be written; the run goes on without them. */
  readonly onFault: (message: string) => void;
}

interface HostLog {
  readonly file: string;
  readonly text: HostLogText;
  waiting: string[];
  size: number;
}

/** A log for each host: every command as people may see it, its output line by line with times, its outcome. */
export function hostLogs({ folder, onFault }: HostLogsOptions): Report {
  const logs = new Map<string, HostLog>();
  const files = new Appending(MOST_OPEN);
  let faulty = false;

  const fail = (error: Error) => {
    if (!faulty) onFault(`the logs in ${folder} cannot be written, the run goes on without them: ${error.message}`);
    faulty = true;
  };
  const flush = (log: HostLog) => {
    const text = log.waiting.join('');
    log.waiting = [];
    log.size = 0;
    if (faulty || text === '') return;
    try {
      files.append(log.file, text);
    } catch (error) {
      fail(error as Error);
    }
  };
  const onEvent = (event: Stamped) => {
    const host = hostIn(event);
    if (host === undefined || faulty) return;
    const log = logs.get(host) ?? newLog(join(folder, logFileName(host)));
    logs.set(host, log);
    add(log, log.text.of(event));
    if (event.type === 'step_finished' || event.type === 'host_refused' || log.size > MOST_WAITING) flush(log);
  };
  const refresh = setInterval(() => {
    for (const log of logs.values()) flush(log);
  }, REFRESH_MS);
  refresh.unref();
  const finish = async () => {
    clearInterval(refresh);
    for (const log of logs.values()) {
      add(log, log.text.end());
      flush(log);
    }
    files.close();
  };
  return { onEvent, finish };
}

function newLog(file: string): HostLog {
  return { file, text: new HostLogText(), waiting: [], size: 0 };
}

function add(log: HostLog, text: string): void {
  if (text === '') return;
  log.waiting.push(text);
  log.size += text.length;
}

/** Whose log it belongs in; batches' and runs' events belong in none. */
function hostIn(event: Stamped): string | undefined {
  return 'host' in event ? event.host : undefined;
}
