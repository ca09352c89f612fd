import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/ledger/entry.ts';
import { overviewOf, secondsPerHost } from '../../src/ledger/overview.ts';
import { closed, good, NOW } from './entries.ts';

function latest(...entries: readonly Entry[]): Map<string, Map<string, Entry>> {
  const found = new Map<string, Map<string, Entry>>();
  for (const entry of entries)
    found.set(entry.name, (found.get(entry.name) ?? new Map<string, Entry>()).set(entry.machine, entry));
  return found;
}

const hosts = (held: readonly { readonly host: string }[]) => held.map(({ host }) => host);

describe('the overview of a ledger', () => {
  it('puts what ends first first, apart from what has ended, is closed, or is not known', () => {
    const entries = latest(good('a', 30), good('b', 2), good('c', -1), good('d', 0), good('f', -9), closed('e'));
    const machines = new Map(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((host) => [host, `${host}:22`]));
    const [overview, ...others] = overviewOf(entries, machines, NOW);
    expect(others).toEqual([]);
    expect([hosts(overview?.good ?? []), hosts(overview?.expired ?? [])]).toEqual([
      ['b', 'a'],
      ['f', 'c', 'd'],
    ]);
    expect([hosts(overview?.closed ?? []), overview?.unknown]).toEqual([['e'], ['g']]);
    expect(overview?.good[0]?.leftMs).toBe(2 * 3_600_000);
  });

  it('knows a machine under the name that it has now', () => {
    const [overview] = overviewOf(latest(good('old', 2)), new Map([['new', 'old:22']]), NOW);
    expect([hosts(overview?.good ?? []), overview?.unknown]).toEqual([['new'], []]);
  });

  it('does not take another machine of the same name for the one that was noted', () => {
    const [overview] = overviewOf(latest(good('web1', 2)), new Map([['web1', '10.0.0.9:22']]), NOW);
    expect(overview?.unknown).toEqual(['web1']);
  });

  it('shows every host noted where no inventory is given, each name for itself', () => {
    const entries = latest(good('a', 2), good('b', 3, { name: 'other' }));
    const found = overviewOf(entries, undefined, NOW).map(({ name, good }) => [name, hosts(good)]);
    expect(found).toEqual([
      ['agent-links', ['a']],
      ['other', ['b']],
    ]);
  });

  it('learns the pace from those closed since, not from those of an earlier time', () => {
    const paceOf = (...entries: readonly Entry[]) => {
      const [overview] = overviewOf(latest(...entries), undefined, NOW);
      return overview && secondsPerHost(overview);
    };
    const old = closed('z', -2000);
    expect(paceOf(good('a', 100), old, closed('b', -3), closed('c', -2), closed('d', -1))).toBe(3600);
    expect(paceOf(good('a', 100), old, closed('b', -3))).toBeUndefined();
    expect(paceOf(good('a', 100))).toBeUndefined();
  });
});
