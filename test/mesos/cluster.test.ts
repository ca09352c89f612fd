import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createBastion } from '../../src/connection/bastion.ts';
import { act, stillClock } from '../actions/machine.ts';
import { CERTIFICATE } from './loopback-certificate.ts';
import { HEALTHY, type Master, startMaster } from './masters.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollgate-cluster-'));
const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server[Symbol.asyncDispose]();
});

async function aMaster(tls = false): Promise<Master> {
  const master = await startMaster(tls);
  started.push(master);
  return master;
}

const ask = (params: object, clock = stillClock()) =>
  act('mesos_cluster', params, { folder, clock, bastion: createBastion() });

/** A baseline, then other figures, then the gate. */
async function later(metrics: Partial<typeof HEALTHY>, params: object = {}) {
  const master = await aMaster();
  const since = await ask({ masters: [master.url] });
  master.metrics = { ...HEALTHY, ...metrics };
  return ask({ masters: [master.url], since, ...params });
}

describe('mesos_cluster at the beginning', () => {
  it('registers what the leader counts', async () => {
    const master = await aMaster();
    expect(await ask({ masters: [`${master.url}/`] })).toEqual({
      changed: false,
      readable: true,
      leader: master.url,
      started: -1000,
      active: 594,
      removals: 3,
      tasks_lost: 7,
      tasks_failed: 20,
      tasks_killed: 40,
      tasks_running: 2700,
      checks: [{ check: 'leader', passed: true, why: `${master.url} is elected` }],
      msg: `${master.url} leads 594 active agents with 2700 running tasks`,
    });
    expect(master.asked.map(({ url }) => url)).toEqual(['/metrics/snapshot', '/version']);
  });

  it('asks the masters until the leader answers', async () => {
    const [dead, follower, leader] = [await aMaster(), await aMaster(), await aMaster()];
    dead.status = 500;
    follower.metrics.elected = 0;
    const result = await ask({ masters: ['http://127.0.0.1:1', dead.url, follower.url, leader.url] });
    expect(result).toMatchObject({ leader: leader.url });
    expect(result.refused).toBeUndefined();
  });

  it.each([
    ['as Mesos writes it', (url: string) => url.replace('http:', '')],
    ['with a path', (url: string) => `${url}/master/redirect`],
  ])('goes where a follower says that the leader is, %s', async (_, written) => {
    const [follower, leader] = [await aMaster(), await aMaster()];
    follower.metrics.elected = 0;
    follower.redirect = written(leader.url);
    expect(await ask({ masters: [follower.url] })).toMatchObject({ leader: leader.url, readable: true });
  });

  it('goes where a proxy sends it', async () => {
    const [proxy, leader] = [await aMaster(), await aMaster()];
    proxy.redirectAll = true;
    proxy.redirect = `${leader.url}/metrics/snapshot`;
    expect(await ask({ masters: [proxy.url] })).toMatchObject({ leader: leader.url });
  });

  it('refuses where nobody leads, and names who was asked', async () => {
    const master = await aMaster();
    master.metrics.elected = 0;
    const result = await ask({ masters: [master.url] });
    expect(result).toMatchObject({ refused: true, checks: [{ check: 'leader', passed: false }] });
    expect(result.msg).toBe(`leader: no leader is elected: ${master.url}: not elected; ${master.url} knows no leader`);
  });

  it('refuses where no master answers, and says why of each', async () => {
    const other = await aMaster();
    other.metrics = { elected: 1 };
    const result = await ask({ masters: ['http://127.0.0.1:1', other.url] });
    expect(result).toMatchObject({ refused: true, checks: [{ check: 'masters', passed: false }] });
    expect(result.msg).toContain('http://127.0.0.1:1: connect ECONNREFUSED');
    expect(result.msg).toContain(`${other.url}: HTTP 200, and no metrics of a master`);
  });
});

describe('mesos_cluster between hosts', () => {
  it.each<[string, Partial<typeof HEALTHY>, object, boolean, string[]]>([
    [
      'nothing has changed',
      {},
      {},
      true,
      ['PASS 0 since the beginning, 0 allowed', 'PASS 0 since the beginning, 0 allowed'],
    ],
    [
      'an agent was removed',
      { slave_removals: 4 },
      {},
      false,
      ['FAIL 1 since the beginning, 0 allowed', 'PASS 0 since the beginning, 0 allowed'],
    ],
    [
      'a task was lost',
      { tasks_lost: 8 },
      {},
      false,
      ['PASS 0 since the beginning, 0 allowed', 'FAIL 1 since the beginning, 0 allowed'],
    ],
    [
      'both, as allowed',
      { slave_removals: 4, tasks_lost: 9 },
      { allowed: { removals: 1, lost: 2 } },
      true,
      ['PASS 1 since the beginning, 1 allowed', 'PASS 2 since the beginning, 2 allowed'],
    ],
    [
      'tasks failed, and nobody minds',
      { tasks_failed: 900 },
      {},
      true,
      ['PASS 0 since the beginning, 0 allowed', 'PASS 0 since the beginning, 0 allowed'],
    ],
    [
      'tasks failed',
      { tasks_failed: 26 },
      { allowed: { failed: 5 } },
      false,
      [
        'PASS 0 since the beginning, 0 allowed',
        'PASS 0 since the beginning, 0 allowed',
        'FAIL 6 since the beginning, 5 allowed',
      ],
    ],
    [
      'enough agents',
      { slaves_active: 584 },
      { min_active: 584 },
      true,
      [
        'PASS 0 since the beginning, 0 allowed',
        'PASS 0 since the beginning, 0 allowed',
        'PASS 584, at least 584 wanted',
      ],
    ],
    [
      'too few of what there was',
      { slaves_active: 588 },
      { min_active: '99%' },
      false,
      [
        'PASS 0 since the beginning, 0 allowed',
        'PASS 0 since the beginning, 0 allowed',
        'FAIL 588, at least 589 wanted',
      ],
    ],
  ])('%s', async (_, metrics, params, isWell, told) => {
    const result = await later(metrics, params);
    expect(result.refused === true).toBe(!isWell);
    const [, ...checks] = (result.checks ?? []).map(({ passed, why }) => `${passed ? 'PASS' : 'FAIL'} ${why}`);
    expect(checks).toEqual(told);
  });

  it('says in one line what was not so', async () => {
    expect((await later({ slave_removals: 5, tasks_lost: 8 })).msg).toBe(
      'agents removed: 2 since the beginning, 0 allowed; tasks lost: 1 since the beginning, 0 allowed',
    );
  });

  it.each<[string, Partial<typeof HEALTHY>, boolean]>([
    ['lost none', { tasks_lost: 0, slave_removals: 0, uptime_secs: 5 }, true],
    ['lost one', { tasks_lost: 1, slave_removals: 0, uptime_secs: 5 }, false],
    ['has counted beyond what was counted before', { tasks_lost: 9, slave_removals: 3, uptime_secs: 900 }, false],
  ])('judges a leader that was started anew from its zero: it %s', async (_, metrics, isWell) => {
    const result = await later(metrics);
    expect(result.refused === true).toBe(!isWell);
    expect(result.msg).toContain('counts anew since the beginning');
  });

  it('judges another leader from its zero', async () => {
    const [first, second] = [await aMaster(), await aMaster()];
    const masters = [first.url, second.url];
    const since = await ask({ masters });
    first.metrics.elected = 0;
    second.metrics = { ...HEALTHY, slave_removals: 0, tasks_lost: 0 };
    const result = await ask({ masters, since });
    expect(result.refused).toBeUndefined();
    expect(result.msg).toContain(`then ${first.url} led`);
  });

  it('asks again until all is well, and no longer than it may', async () => {
    const master = await aMaster();
    const since = await ask({ masters: [master.url] });
    master.metrics.slaves_active = 10;
    const clock = stillClock();
    const heals = {
      ...clock,
      sleep: async (ms: number) => {
        await clock.sleep(ms);
        if (clock.monotonic() >= 10_000) master.metrics.slaves_active = 594;
      },
    };
    const wanted = { masters: [master.url], since, min_active: '100%' };
    expect((await ask({ ...wanted, wait: 8 }, stillClock())).refused).toBe(true);
    expect(await ask({ ...wanted, wait: 60 }, heals)).toMatchObject({ active: 594 });
    expect(clock.monotonic()).toBe(10_000);
  });

  it('wants a baseline that was taken', async () => {
    const since = { changed: false, skipped: true };
    await expect(ask({ masters: ['http://127.0.0.1:1'], since })).rejects.toThrow('what mesos_cluster registered');
  });
});

describe('mesos_cluster and credentials', () => {
  it('sends the token, and shows it nowhere', async () => {
    const master = await aMaster();
    const result = await ask({ masters: [master.url], token: 's3cret\n' });
    expect(master.asked.map(({ headers }) => headers.authorization)).toEqual(['token=s3cret', 'token=s3cret']);
    expect(JSON.stringify(result)).not.toContain('s3cret');
  });

  it.each([401, 403])('HTTP %i is a matter of credentials, not of health', async (status) => {
    const master = await aMaster();
    master.status = status;
    const refused = await ask({ masters: [master.url], token: 'old', wait: 60 });
    expect(refused).toMatchObject({ refused: true, checks: [{ check: 'credentials', passed: false }] });
    expect(refused.msg).toContain(`${master.url}: HTTP ${status}`);
    expect(refused.msg).toContain('last 5 days');
    expect(master.asked).toHaveLength(1);
    const warned = await ask({ masters: [master.url], unreadable: 'warn' });
    expect(warned).toMatchObject({ changed: false, readable: false, msg: expect.stringContaining('give `token`') });
    expect(warned.refused).toBeUndefined();
    delete master.status;
    expect(await ask({ masters: [master.url], since: warned })).toMatchObject({
      readable: true,
      msg: expect.stringContaining('nothing to compare with'),
    });
  });

  it('trusts the certificates that it is given, and no others', async () => {
    const master = await aMaster(true);
    writeFileSync(join(folder, 'ca.pem'), CERTIFICATE);
    expect(await ask({ masters: [master.url], ca_file: 'ca.pem' })).toMatchObject({ leader: master.url });
    const refused = await ask({ masters: [master.url] });
    expect(refused).toMatchObject({ refused: true, msg: expect.stringContaining('self-signed certificate') });
    expect(await ask({ masters: [master.url], ca_file: 'none.pem' })).toMatchObject({
      failed: true,
      msg: expect.stringContaining('ca_file cannot be read'),
    });
  });

  it('does not follow from TLS to where there is none', async () => {
    const [master, plain] = [await aMaster(true), await aMaster()];
    writeFileSync(join(folder, 'ca.pem'), CERTIFICATE);
    master.metrics.elected = 0;
    master.redirect = plain.url;
    expect(await ask({ masters: [master.url], ca_file: 'ca.pem', token: 't' })).toMatchObject({ refused: true });
    expect(plain.asked).toEqual([]);
  });

  it.each(['http://u:p@m1:5050', 'm1:5050', 'ftp://m1'])('refuses the address %s', async (url) => {
    await expect(ask({ masters: [url] })).rejects.toThrow();
  });
});
