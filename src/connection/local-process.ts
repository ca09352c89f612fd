import { type ChildProcess, spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { type Ended, type Launcher, LINGER_MS, type Process } from './process.ts';
import { deadline } from './waiting.ts';

/** Starts commands on this machine, each in a session of its own: a Ctrl-C at our terminal is not theirs. */
export function localLauncher(env: Readonly<Record<string, string | undefined>>): Launcher {
  return {
    user: userInfo().username,
    start: async (command, { abort }) => {
      if (abort?.aborted) return { ok: false, kind: 'aborted', reason: 'aborted before the start' };
      const child = spawn('/bin/sh', ['-c', command], { detached: true, env, stdio: ['pipe', 'pipe', 'pipe'] });
      return { ok: true, process: childProcess(child) };
    },
    renew: () => {},
  };
}

function childProcess(child: ChildProcess): Process {
  let exit: Ended | undefined;
  let linger = (): void => {};
  let listener: (stream: 'stdout' | 'stderr', bytes: Buffer) => void = () => {};
  let finish: (ended: Ended) => void = () => {};
  const ended = new Promise<Ended>((resolve) => {
    finish = (how) => {
      linger();
      release(child);
      resolve(how);
    };
  });
  const wait = (): void => {
    linger();
    if (exit !== undefined) linger = deadline(LINGER_MS, () => finish(exit ?? NOTHING));
  };
  const pass = (stream: 'stdout' | 'stderr') => (bytes: Buffer) => {
    wait();
    listener(stream, bytes);
  };
  child.stdout?.on('data', pass('stdout'));
  child.stderr?.on('data', pass('stderr'));
  child.stdin?.on('error', () => {});
  child.once('error', (error) => finish({ kind: 'lost', reason: `cannot start /bin/sh here: ${error.message}` }));
  child.once('exit', (code, signal) => {
    exit = signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal };
    wait();
  });
  child.once('close', () => finish(exit ?? NOTHING));
  return {
    onOutput: (heard) => {
      listener = heard;
    },
    write: (bytes) => written(child, bytes),
    end: () => void child.stdin?.end(),
    ended,
    close: () => finish(exit ?? NOTHING),
  };
}

const NOTHING: Ended = { kind: 'lost', reason: 'given up' };

function release(child: ChildProcess): void {
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
  child.unref();
}

function written(child: ChildProcess, bytes: Uint8Array): Promise<boolean> {
  const { stdin } = child;
  if (stdin === null || !stdin.writable) return Promise.resolve(false);
  return new Promise((resolve) => stdin.write(bytes, (error) => resolve(!error)));
}
