import type { Entry } from '../../src/ledger/entry.ts';

export const HOUR_MS = 3_600_000;
export const NOW = new Date('2026-11-21T12:00:00.000Z');

/** An ISO time so many hours from `NOW`. */
export function hours(from: number): string {
  return new Date(NOW.getTime() + from * HOUR_MS).toISOString();
}

/** What is noted of a host whose links were renewed and hold for so many hours from `NOW`. */
export function good(host: string, hoursLeft: number, more: Partial<Extract<Entry, { state: 'good' }>> = {}): Entry {
  return {
    state: 'good',
    name: 'agent-links',
    at: hours(hoursLeft - 120),
    renewedAt: hours(hoursLeft - 120),
    until: hours(hoursLeft),
    measured: false,
    run: '20261121T071500Z-7f3a of ada on bastion',
    machine: `${host}:22`,
    host,
    plan: 'sha256:0',
    ...more,
  };
}

export function closed(host: string, hoursFrom = 0): Entry {
  const { state: _, renewedAt: __, until: ___, measured: ____, ...rest } = good(host, 120) as Entry & { state: 'good' };
  return { ...rest, state: 'closed', at: hours(hoursFrom) };
}
