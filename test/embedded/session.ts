import type { ServerChannel, Session } from 'ssh2';
import { execute } from './execution.ts';
import { Input } from './input.ts';
import { serveSftp } from './sftp.ts';
import type { SimulatedHost } from './simulated/host.ts';

export interface Served {
  readonly state: SimulatedHost;
  readonly user: string;
  /** Called before a command does anything; resolves when it may go on. */
  begin(text: string): Promise<{ readonly done: (exitCode: number) => void; readonly failWith?: number }>;
}

/** One session channel: a command, or the SFTP subsystem. */
export function serveSession(session: Session, served: Served): void {
  let terminal = false;
  session.on('pty', (accept) => {
    terminal = true;
    accept?.();
  });
  session.on('env', (accept) => accept?.());
  session.on('signal', (accept) => accept?.());
  session.on('exec', (accept, _reject, { command }) => {
    void runCommand(accept(), command, served, terminal);
  });
  session.on('sftp', (accept, reject) => {
    if (served.state.spec.sftp === false) reject();
    else serveSftp(accept(), served.state.fs);
  });
}

async function runCommand(channel: ServerChannel, text: string, served: Served, terminal: boolean): Promise<void> {
  channel.on('error', () => {});
  const input = new Input(channel, terminal);
  const { done, failWith } = await served.begin(text);
  const end = failWith === undefined ? await execute(text, { ...served, channel, input }) : { exitCode: failWith };
  if ('exitCode' in end) done(end.exitCode);
  if (channel.destroyed) return;
  if ('exitCode' in end) channel.exit(end.exitCode);
  else channel.exit(end.signal, false, '');
  channel.end();
}
