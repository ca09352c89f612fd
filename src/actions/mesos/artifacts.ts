import type { Value } from '../../source/value.ts';
import type { HostCommand } from '../action.ts';
import type { Found } from './ask.ts';

/** What people of the old procedure look for beside the run: `HOST.netstat.before.txt` and its like. */
export function artifacts(found: Found, executors: Value, port: number): ReadonlyMap<string, string> {
  const { docker, netstat } = found.text;
  return new Map([
    ['netstat.txt', executorLines(netstat, found, port)],
    ['netstat-full.txt', netstat],
    ['docker.txt', docker],
    ['executors.json', `${JSON.stringify(executors, null, 2)}\n`],
  ]);
}

/** `DEST/HOST.netstat.LABEL.txt` for `netstat.txt`. */
export function keep(files: ReadonlyMap<string, string>, dest: string, label: string): readonly HostCommand[] {
  return [...files].map(([name, text]) => {
    const [kind = '', ending = ''] = name.split('.');
    return { kind: 'keep', bytes: Buffer.from(text), to: `${dest}.${kind}.${label}.${ending}` };
  });
}

/** As `netstat -nap | grep 5051` cut down to executors: netstat and ss both print the pid, and the port after a colon. */
function executorLines(text: string, { executors }: Found, port: number): string {
  const pids = new Set(executors.map(({ pid }) => String(pid)));
  const lines = text.split('\n').filter((line) => {
    const pid = /(?:\spid=|,pid=|\s)(\d+)(?:\/|,)/.exec(line)?.[1] ?? '';
    return pids.has(pid) && new RegExp(`:${port}\\s`).test(line);
  });
  return lines.map((line) => `${line}\n`).join('');
}
