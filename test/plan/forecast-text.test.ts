import { describe, expect, it } from 'vitest';
import { forecastLines } from '../../src/plan/forecast-text.ts';
import { HOSTS, planOf } from '../engine/harness.ts';

const HOUR = 3600;

const RENEW = `
- name: Renew
  hosts: all
  estimate: 36m
  tasks:
    - ledger_renew: { name: agent-links, good_for: 5d }
`;
const UPGRADE = `
- name: Upgrade
  hosts: all
  estimate: 5.6h
  tasks:
    - require_ledger: { name: agent-links, remaining: 2h }
    - ledger_close: { name: agent-links }
`;
const BOTH = `
- name: Rolling
  hosts: all
  estimate: 6.2h
  tasks:
    - ledger_renew: { name: agent-links, good_for: 5d }
    - ledger_close: { name: agent-links }
`;

function lines(playbook: string, ends: Readonly<Record<string, number>> = {}, hosts = 594): readonly string[] {
  const { plan } = planOf({ playbook, inventory: HOSTS(hosts) });
  return forecastLines(plan, () => new Map(Object.entries(ends)));
}

describe('the forecast of a plan', () => {
  it('says nothing without estimates', () => {
    expect(lines(RENEW.replace('  estimate: 36m\n', ''))).toEqual([]);
  });

  it('of renewing 594 hosts first: how much the first has left when the last is done', () => {
    expect(lines(RENEW)).toEqual([
      'Forecast of play 1 "Renew": the last of 594 hosts is done after 36 h (at most 10 at a time, 36 min each)',
      '  agent-links: it holds for 5 d: when the last host is done, the first has 3 d 13 h left',
    ]);
  });

  it('of renewing all and upgrading all in the two weeks after: that five days will not do, and how many hosts would', () => {
    expect(lines(RENEW + UPGRADE)).toEqual([
      'Forecast of play 1 "Renew": the last of 594 hosts is done after 36 h (at most 10 at a time, 36 min each)',
      'Forecast of play 2 "Upgrade": the last of 594 hosts is done after 14 d (at most 10 at a time, 5 h 36 min each)',
      '  agent-links: renewed ahead for all, it holds for 5 d: NOT ENOUGH, 434 of 594 hosts come too late; renew at most 210 hosts ahead, or renew each host right before it is needed',
    ]);
  });

  it('of as many hosts as it said: that all come in time', () => {
    expect(lines(RENEW + UPGRADE, {}, 210).at(-1)).toBe(
      '  agent-links: renewed ahead for all, it holds for 5 d: every host comes in time',
    );
    expect(lines(RENEW + UPGRADE, {}, 211).at(-1)).toContain('NOT ENOUGH, 1 of 211 hosts');
  });

  it('of renewing and upgrading host by host: that the five days never come near', () => {
    expect(lines(BOTH).at(-1)).toBe('  agent-links: renewed on each host right before it is needed; it holds for 5 d');
    expect(lines(BOTH.replace('6.2h', '6d')).at(-1)).toContain('NOT ENOUGH for one host');
  });

  it('of an upgrade alone: who comes too late by the ledger, and whom it does not know', () => {
    expect(lines(UPGRADE, { h1: 6 * HOUR, h2: 5 * HOUR }, 3).at(-1)).toBe(
      '  agent-links: 1 of 3 hosts come TOO LATE: h2; the ledger knows of no end of h3',
    );
    expect(lines(UPGRADE, { h1: 6 * HOUR, h2: 6 * HOUR }, 2).at(-1)).toBe(
      '  agent-links: every host that it knows comes in time',
    );
  });

  it('takes what lies before it into account', () => {
    const other = '- { name: First, hosts: all, estimate: 1h, tasks: [{ ping: }] }\n';
    expect(lines(other + UPGRADE, { h1: 6 * HOUR }, 1).at(-1)).toContain('1 of 1 hosts come TOO LATE');
  });

  it('refuses an estimate that is none', () => {
    expect(() => lines(RENEW.replace('36m', 'soon'))).toThrow('estimate: "soon" is no duration');
  });
});
