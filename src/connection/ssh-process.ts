import type { ClientChannel } from 'ssh2';
import { type Ended, LINGER_MS, type Process } from './process.ts';
import { deadline } from './waiting.ts';

/** An exec channel as a process. `why` tells why the connection broke, if it did. */
export function channelProcess(channel: ClientChannel, why: () => string): Process {
  let exit: Ended | undefined;
  let over = false;
  let linger = (): void => {};
  let finish: (ended: Ended) => void = () => {};
  // What comes before anybody listens is kept for whoever will.
  const early: (readonly ['stdout' | 'stderr', Buffer])[] = [];
  let listener: (stream: 'stdout' | 'stderr', bytes: Buffer) => void = (stream, bytes) =>
    void early.push([stream, bytes]);
  const ended = new Promise<Ended>((resolve) => {
    finish = (how) => {
      over = true;
      linger();
      resolve(how);
    };
  });
  const wait = (): void => {
    linger();
    if (exit !== undefined && !over) linger = deadline(LINGER_MS, () => channel.close());
  };
  const pass = (stream: 'stdout' | 'stderr') => (bytes: Buffer) => {
    if (over) return;
    wait();
    listener(stream, bytes);
  };
  channel.on('data', pass('stdout'));
  channel.stderr.on('data', pass('stderr'));
  channel.on('error', () => {});
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = code === null ? { kind: 'signalled', signal: signal ?? 'unknown' } : { kind: 'exited', code };
    wait();
  });
  channel.once('close', () => finish(exit ?? { kind: 'lost', reason: why() }));
  return {
    onOutput: (heard) => {
      listener = heard;
      for (const [stream, bytes] of early.splice(0)) heard(stream, bytes);
    },
    write: (bytes) => written(channel, bytes),
    end: () => void channel.end(),
    ended,
    close: () => {
      finish(exit ?? { kind: 'lost', reason: 'the channel was closed' });
      channel.close();
    },
  };
}

function written(channel: ClientChannel, bytes: Uint8Array): Promise<boolean> {
  if (!channel.writable) return Promise.resolve(false);
  if (channel.write(bytes)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (more: boolean) => () => {
      channel.off('drain', drained);
      channel.off('close', closed);
      resolve(more);
    };
    const drained = settle(true);
    const closed = settle(false);
    channel.once('drain', drained);
    channel.once('close', closed);
  });
}
