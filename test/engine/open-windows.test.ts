import { describe, expect, it } from 'vitest';
import { OpenWindows } from '../../src/engine/open-windows.ts';

/** Hosts that have come through a window: what was declared for each, and what it took, in seconds. */
function cameThrough(...took: readonly (readonly [declared: number | undefined, took: number])[]): OpenWindows {
  const windows = new OpenWindows();
  for (const [declared, seconds] of took) {
    windows.enter('host', 'w', 5000, declared);
    const stay = windows.of('host') ?? expect.fail('it is not in its window');
    windows.leave('host');
    windows.learn(stay, 5000 + seconds * 1000);
  }
  return windows;
}

describe('how long a window is expected to take', () => {
  it.each([
    ['what was declared, before any host has come through', cameThrough(), 40, 40],
    ['unknown, where nothing was declared and no host has come through', cameThrough(), undefined, undefined],
    ['what others took, where nothing was declared', cameThrough([undefined, 10], [undefined, 30]), undefined, 30],
    ['what was declared, as far as it was right for others', cameThrough([40, 20], [100, 50]), 60, 30],
    ['not what one slow host took', cameThrough([40, 20], [40, 880], [40, 22]), 40, 22],
    ['what others took, where nothing was declared worth a word', cameThrough([0, 10]), 0, 10],
  ])('is %s', (_, windows, declared, expected) => {
    expect(windows.expectedSeconds('w', declared)).toBe(expected);
    expect(windows.expectedSeconds('another', declared)).toBe(declared);
  });

  it('does not count what a host was waited for while it was gone', () => {
    const windows = new OpenWindows();
    windows.enter('host', 'w', 0);
    const stay = windows.of('host') ?? expect.fail('it is not in its window');
    stay.patience.waited(60_000);
    windows.learn(stay, 90_000);
    expect(windows.expectedSeconds('w')).toBe(30);
  });

  it('is not learned from a window that was entered before a break', () => {
    const windows = new OpenWindows();
    const at = '2026-01-01T00:00:00.000Z';
    const address = { play: 'p', playNumber: 1, batch: 1, host: 'host', window: 'w' };
    windows.replay({ type: 'window_opened', at, ...address, lengthMs: 60_000 }, 'w');
    const stay = windows.of('host') ?? expect.fail('it is not in its window');
    expect(stay.deadlineMs).toBe(Date.parse(at) + 60_000);
    windows.learn(stay, 90_000);
    expect(windows.expectedSeconds('w')).toBeUndefined();
  });
});
