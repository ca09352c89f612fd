import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';

/** What a command has of the process it runs in. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly stdout: NodeJS.WriteStream;
  /** A person sees what is printed; a person can be asked. */
  readonly isInteractive: boolean;
  readonly showsRows: boolean;
  readonly colour: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Asks a question and gives the line that was typed; undefined when the input ended or the wait was aborted. */
  readLine(
    question: string,
    options?: { readonly abort?: AbortSignal; readonly echo?: boolean },
  ): Promise<string | undefined>;
  /** Calls back at each Ctrl-C or SIGTERM until the returned function is called. */
  onInterrupt(react: (signal: string) => void): () => void;
  /** Calls back when the terminal has gone away, until the returned function is called; what is printed then goes nowhere. */
  onHangup(react: (signal: string) => void): () => void;
}

export function processTerminal(): Terminal {
  let isHeeded = true;
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error) => {
      if (isHeeded) endUnread(error, stream);
    });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    stdout: process.stdout,
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    showsRows: process.stdout.isTTY === true && process.env.TERM !== 'dumb',
    colour: (process.env.NO_COLOR ?? '') === '',
    env: process.env,
    cwd: process.cwd(),
    readLine,
    onInterrupt: (react) => listenFor(['SIGINT', 'SIGTERM'], react),
    onHangup: (react) => {
      // From a terminal that is gone every write comes back as an error, the last after all is done: a run must not die of it.
      isHeeded = false;
      return onHangup(react);
    },
  };
}

/** Nobody reads on (`| head`), which is no fault; or the output goes to a disk that is full, which is one. */
function endUnread(error: NodeJS.ErrnoException, stream: NodeJS.WriteStream): never {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  if (stream !== process.stderr) process.stderr.write(`rollgate: its output cannot be written: ${error.message}\n`);
  process.exit(1);
}

function readLine(
  question: string,
  { abort, echo = true }: { readonly abort?: AbortSignal; readonly echo?: boolean } = {},
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, output: echo ? process.stderr : undefined, terminal: echo });
    if (!echo) process.stderr.write(question);
    const settle = (line: string | undefined) => {
      resolve(line);
      lines.close();
    };
    lines.once('close', () => resolve(undefined));
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    abort?.addEventListener('abort', () => settle(undefined), { once: true });
    lines.question(echo ? question : '', settle);
  });
}

function onHangup(react: (signal: string) => void): () => void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  return listenFor(['SIGHUP'], (signal) => {
    for (const fd of terminals.splice(0)) replaceByNothing(fd);
    react(signal);
  });
}

/** Node puts its terminals back as they were when it ends, and aborts where one of them does not answer any more. */
function replaceByNothing(fd: number): void {
  closeSync(fd);
  // The lowest that is free is the one just closed.
  openSync('/dev/null', 'r+');
}

function listenFor(signals: readonly NodeJS.Signals[], react: (signal: string) => void): () => void {
  for (const signal of signals) process.on(signal, react);
  return () => {
    for (const signal of signals) process.off(signal, react);
  };
}
