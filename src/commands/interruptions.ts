import type { Stop } from '../engine/stop.ts';
import { duration } from '../report/durations.ts';
import { realClock } from './real-clock.ts';
import type { Recorder } from './recorder.ts';
import type { Terminal } from './terminal.ts';

/**
 * When the terminal goes away the run goes on, unless `hangup` says that this counts as Ctrl-C. First Ctrl-C or SIGTERM: nothing new is started. Second: says what is still open. Third: hosts outside a window are
 * let go of. Gives a function that stops listening and says how often it was interrupted.
 */
export function drainOnInterrupt(
  terminal: Terminal,
  stop: Stop,
  recorder: Recorder,
  hangup: 'go-on' | 'stop',
): () => number {
  let times = 0;
  const interrupt = (signal: string) => {
    times += 1;
    if (times === 1) {
      const reason = `${signal}: nothing new is started; running steps and open windows come to their end`;
      stop.drain(reason);
      void recorder.record({ type: 'stopping', scope: 'run', why: 'interrupted', reason });
    } else if (times === 2) {
      recorder.warn(`still open: ${stillOpen(recorder) || 'nothing'}; once more lets go of what is outside a window`);
    } else {
      stop.abandon();
      recorder.warn(`hosts outside a window are let go of; what remains: ${windowsOpen(recorder) || 'nothing'}`);
    }
  };
  const goOn = (signal: string) =>
    void recorder.record({
      type: 'warning',
      message: `${signal}: the terminal has gone away, and the run goes on; rollgate status shows it, rollgate abort ends it`,
    });
  const forget = terminal.onInterrupt(interrupt);
  const forgetHangup = terminal.onHangup(hangup === 'stop' ? interrupt : goOn);
  return () => {
    forget();
    forgetHangup();
    return times;
  };
}

function stillOpen(recorder: Recorder): string {
  const { hosts, steps } = recorder.progress;
  const now = realClock.now().getTime();
  const open = [...hosts].flatMap(([host, { started }]) =>
    [...started].map((key) => {
      const step = steps.get(key);
      return step === undefined ? host : `${host} "${step.task}" for ${duration(now - Date.parse(step.startedAt))}`;
    }),
  );
  return [open.join(', '), windowsOpen(recorder)].filter((part) => part !== '').join('; ');
}

function windowsOpen({ progress }: Recorder): string {
  const now = realClock.now().getTime();
  return [...progress.openWindows]
    .map(([host, { window, since }]) => `${host} in window "${window}" for ${duration(now - Date.parse(since))}`)
    .join(', ');
}
