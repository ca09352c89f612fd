import { describe, expect, it } from 'vitest';
import { admit, guardAfterSeconds, type HostMoment, leftSeconds } from '../../src/gates/window.ts';

const OPENED: HostMoment = { uptimeCs: 100_000, epoch: 1_700_000_000, boot: 'b1' };
const later = (uptimeSeconds: number, wallSeconds = uptimeSeconds, boot = 'b1'): HostMoment => ({
  uptimeCs: OPENED.uptimeCs + uptimeSeconds * 100,
  epoch: OPENED.epoch + wallSeconds,
  boot,
});

describe('what is left of a window', () => {
  it.each<[string, HostMoment, number | undefined]>([
    ['at once: all of it', later(0), 900],
    ['as time passes: less', later(100), 800],
    ['when the wall clock was set back: by the clock that never goes back', later(100, -3000), 800],
    ['when the wall clock stepped forward: by the wall clock, since who waits goes by it', later(100, 400), 500],
    ['when it is over: less than nothing', later(1000), -100],
    ['after a reboot: it is void', later(0, 60, 'b2'), undefined],
  ])('%s', (_, now, expected) => {
    expect(leftSeconds(OPENED, now, 900)).toBe(expected);
  });
});

describe('who may enter a window', () => {
  it('is a host whose block fits beside the reserve', () => {
    expect(admit({ lengthSeconds: 900, reserveSeconds: 180, expectedSeconds: 60 })).toEqual({ open: true });
    expect(admit({ lengthSeconds: 900, reserveSeconds: 180 })).toEqual({ open: true });
  });

  it('is no host whose block does not fit, with the figures', () => {
    expect(admit({ lengthSeconds: 120, reserveSeconds: 60, expectedSeconds: 90 })).toEqual({
      open: false,
      reason: 'the window is 120 s long: the block is expected to take 90 s, and 60 s of it are kept for its last part',
    });
    expect(admit({ lengthSeconds: 60, reserveSeconds: 60 })).toMatchObject({ open: false });
    expect(admit({ lengthSeconds: 0, reserveSeconds: 0 })).toMatchObject({ open: false });
  });
});

describe('the guard', () => {
  it.each<[string, Parameters<typeof guardAfterSeconds>[0], number]>([
    ['fires after three times what is expected', { lengthSeconds: 900, reserveSeconds: 180, expectedSeconds: 40 }, 120],
    ['fires before the reserve at the latest', { lengthSeconds: 900, reserveSeconds: 180, expectedSeconds: 400 }, 720],
    ['fires half way where nothing is expected', { lengthSeconds: 900, reserveSeconds: 180 }, 360],
  ])('%s', (_, prospect, expected) => {
    expect(guardAfterSeconds(prospect)).toBe(expected);
  });
});
