import type { Process } from '../simulated/process.ts';
import { command, failure, type HostCommands } from './command.ts';

export const processCommands: HostCommands = ({ state }) => [
  command('kill', (args) => {
    const { signal, pids } = killArguments(args);
    const missing = pids.filter((pid) => !state.kill(pid, signal));
    return missing.length === 0 ? {} : failure(1, missing.map((pid) => `kill: (${pid}) - No such process`).join('\n'));
  }),
  // The shell runs one thing after the other: a new session makes no difference in it.
  ...['setsid', 'nohup'].map((name) =>
    command(name, async (args, { exec, cwd }) => {
      const [program, ...rest] = args.filter((arg) => arg !== '-w' && arg !== '-f');
      if (program === undefined || exec === undefined) return failure(1, `${name}: no command specified`);
      return exec(program, { cwd, args: rest });
    }),
  ),
  command('ps', (args) => {
    const withArguments = args.some((arg) => /args|cmd|f|x/.test(arg));
    const rows = [...state.processes.values()].map((process) =>
      withArguments ? line(process) : `${process.pid} ${process.comm}`,
    );
    return { stdout: `${rows.join('\n')}\n` };
  }),
];

function line({ pid, ppid, user, argv }: Process): string {
  return `${user.padEnd(9)}${String(pid).padStart(7)}${String(ppid).padStart(8)}  0 01:36 ?        00:00:00 ${argv.join(' ')}`;
}

function killArguments(args: readonly string[]): { readonly signal: string; readonly pids: readonly number[] } {
  const [first = '', second = ''] = args;
  const words = first === '-s' ? args.slice(2) : first.startsWith('-') && first !== '--' ? args.slice(1) : args;
  const named = first === '-s' ? second : first.startsWith('-') ? first.slice(1) : 'TERM';
  const signal =
    ({ '9': 'KILL', '15': 'TERM', '2': 'INT', '1': 'HUP' } as Record<string, string>)[named] ??
    named.replace(/^SIG/, '');
  return { signal, pids: words.filter((word) => word !== '--').map((word) => Math.abs(Number(word))) };
}
