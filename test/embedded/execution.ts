import { isUtf8 } from 'node:buffer';
import { Bash } from 'just-bash';
import type { ServerChannel } from 'ssh2';
import { hostCommands } from './commands/index.ts';
import type { Input } from './input.ts';
import type { SimulatedHost } from './simulated/host.ts';

export type End = { readonly exitCode: number } | { readonly signal: string };

export interface Surroundings {
  readonly state: SimulatedHost;
  readonly user: string;
  readonly channel: ServerChannel;
  readonly input: Input;
}

/** What the commands of one execution share. */
export interface Execution {
  readonly state: SimulatedHost;
  readonly pid: number;
  /** Who runs at the moment; sudo changes it for its child. */
  user: string;
  /** Commands to run at the end, as `trap … EXIT` asked for. */
  readonly atExit: string[];
  /** Straight to the client, past the shell, which would keep it to the end. */
  say(text: string): void;
  readonly input: Pick<Input, 'all' | 'line'>;
  /** Starts a command line as a process of the host's own, with nobody at its other end. */
  launch(text: string): Promise<void>;
}

const NOTHING = { all: async () => Buffer.alloc(0), line: async () => undefined };

/** Gives a host the files that make commands be found: `/bin/sh` and all the others. */
export function layOut(state: SimulatedHost): void {
  const execution = own(state, 1);
  new Bash({ fs: state.files, customCommands: hostCommands(execution), defenseInDepth: false });
}

function own(state: SimulatedHost, pid: number): Execution {
  const launch = (text: string) => onItsOwn(state, text);
  return { state, pid, user: 'root', atExit: [], say: () => {}, input: NOTHING, launch };
}

async function onItsOwn(state: SimulatedHost, text: string): Promise<void> {
  const running = state.beginCommand(text, 'root');
  const bash = shellOn(own(state, running.pid));
  await Promise.race([bash.exec(text, { rawScript: true, signal: running.abort }), running.killed]);
  state.endCommand(running.pid);
}

/** Runs one command line as sshd would: on a shell of its own, over the host's files and state. */
export async function execute(text: string, { state, user, channel, input }: Surroundings): Promise<End> {
  const running = state.beginCommand(text, user);
  await state.hesitate();
  const say = (words: string) => {
    if (!channel.destroyed) channel.stderr.write(words);
  };
  const execution: Execution = { ...own(state, running.pid), user, say, input };
  // sudo -S takes its password from the same stream and must ask before anything is sent.
  const stdin = /\bsudo\b.* -S /.test(text) ? '' : (await input.all()).toString('latin1');
  const bash = shellOn(execution);
  const finished = runWithTraps(bash, execution, text, stdin, running.abort);
  const result = await Promise.race([finished, running.killed]);
  state.endCommand(running.pid);
  if ('signal' in result) return result;
  if (!channel.destroyed) {
    if (result.stdout !== '') channel.write(bytesOf(result.stdout));
    if (result.stderr !== '') channel.stderr.write(bytesOf(result.stderr));
  }
  return { exitCode: result.exitCode };
}

function shellOn(execution: Execution): Bash {
  const { state, user, pid } = execution;
  const home = user === 'root' ? '/root' : `/home/${user}`;
  return new Bash({
    fs: state.fs,
    cwd: home,
    env: { HOME: home, USER: user, LOGNAME: user, SHELL: '/bin/sh', PATH: '/usr/local/bin:/usr/bin:/bin' },
    customCommands: hostCommands(execution),
    defenseInDepth: false,
    executionLimits: { maxExecutionTimeMs: 600_000 },
    processInfo: { pid, ppid: 1, uid: user === 'root' ? 0 : 1000, gid: user === 'root' ? 0 : 1000 },
    sleep: (ms) => state.sleep(ms),
  });
}

async function runWithTraps(bash: Bash, execution: Execution, text: string, stdin: string, signal: AbortSignal) {
  const result = await bash.exec(text, { stdin, stdinKind: 'bytes', rawScript: true, signal });
  for (const command of execution.atExit) await bash.exec(command, { rawScript: true, signal });
  return result;
}

/**
 * The shell gives text as text and bytes as characters below 256, and does not say which: what is UTF-8 as bytes was
 * bytes, and so is what holds control characters; the rest was text.
 */
function bytesOf(output: string): Buffer {
  const asText = Buffer.from(output, 'utf8');
  if (/[^\x00-\xff]/.test(output)) return asText;
  const asBytes = Buffer.from(output, 'latin1');
  return isUtf8(asBytes) || /[\x00-\x08\x0e-\x1a]/.test(output) ? asBytes : asText;
}
