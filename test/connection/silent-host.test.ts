import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ended, Launcher, Process } from '../../src/connection/process.ts';
import { Runner } from '../../src/connection/running.ts';
import { sh } from '../../src/shell/script.ts';

describe('a host on which everything hangs', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Starts whatever it is given; nothing of it ever ends. */
  function silentHost() {
    let started = 0;
    let open = 0;
    let renewals = 0;
    const process = (): Process => {
      let close = (): void => {};
      const ended = new Promise<Ended>((resolve) => {
        close = () => resolve({ kind: 'lost', reason: 'closed' });
      });
      void ended.then(() => open--);
      return { onOutput: () => {}, write: async () => true, end: () => {}, ended, close: () => close() };
    };
    const launcher: Launcher = {
      user: undefined,
      renew: () => void renewals++,
      start: async () => {
        started++;
        open++;
        return { ok: true, process: process() };
      },
    };
    return { host: new Runner(launcher), seen: () => ({ started, open, renewals }) };
  }

  it('is asked twice to end what ran out of time, and never again', async () => {
    const { host, seen } = silentHost();
    const running = host.run(sh`sleep 600`, { timeoutMs: 1000 });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(await running).toMatchObject({
      kind: 'timed_out',
      left: 'not known: the host did not answer within 15 s',
    });
    expect(seen()).toEqual({ started: 3, open: 0, renewals: 1 });
  });
});
