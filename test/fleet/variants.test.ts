import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printed, run } from './docker.ts';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { dies, shutByHand } from './hands.ts';
import type { Executor } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';

const HOSTILE = 'a b "c" \'d\' $(touch /tmp/pwned) `x` ; {{ y }}\n\u001b[31mred';

/** What must stay the same about an executor that was taken back. */
function identity({ pid, start, alive }: Executor): unknown {
  return { pid, start, alive };
}

describe.skipIf(fleetMissing())("what a fleet's hosts can be like", { timeout: 120_000 }, () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [
        {
          name: 'odd',
          executors: [
            { id: HOSTILE, taskName: HOSTILE },
            { id: new Uint8Array([0x61, 0xff, 0xfe]) },
            { id: 'apart', ownNetwork: true },
            { id: 'http', kind: 'http' },
            { id: 'two', kind: 'two-sockets' },
            { id: 'thermos', name: 'custom-thermos' },
          ],
        },
        { name: 'stubborn', executors: [{ id: 'web' }], dropIn: '[Service]\nTimeoutStopSec=2\n' },
        { name: 'changed', executors: [{ id: 'web' }, { id: 'deaf' }] },
        { name: 'inside', executors: [{ id: 'web', inUnit: true }, { id: 'db' }], without: ['SYS_PTRACE'] },
        { name: 'forgetful', executors: [{ id: 'web' }] },
      ],
    });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => fleet?.stop());

  it('lets root and a sudoer in by SSH, and its own key is known', async () => {
    const { address } = fleet.host('odd');
    for (const user of ['root', 'core']) {
      const known = ['-F', 'none', '-i', fleet.keyFile, '-o', `UserKnownHostsFile=${fleet.knownHostsFile}`];
      expect(await printed('ssh', [...known, '-o', 'BatchMode=yes', `${user}@${address}`, 'sudo id -u'])).toBe('0');
    }
    expect(fleet.inventory('core')).toContain(`odd ansible_host=${address}`);
  });

  it('takes back executors of every kind and name', async () => {
    const host = fleet.host('odd');
    const before = await host.executors();
    expect(before.map(({ links }) => links.length)).toEqual([1, 1, 1, 2, 2, 1]);
    await host.restartAgent();
    await host.untilSettled();
    expect((await host.executors()).map(identity)).toEqual(before.map(identity));
    const state = JSON.stringify(await host.page('/state'));
    expect(state).toContain(JSON.stringify(HOSTILE).slice(1, -1));
    expect((await run('docker', ['exec', host.container, 'test', '-e', '/tmp/pwned'])).code).toBe(1);
  });

  it('spoils the link of an executor in a network of its own', async () => {
    const host = fleet.host('odd');
    await host.makeStale('apart');
    await host.restartAgent();
    await host.untilSettled();
    expect((await host.executors()).map(({ alive }) => alive)).toEqual([true, true, false, true, true, true]);
  });

  it('launches more executors while it runs', async () => {
    const host = fleet.host('stubborn');
    await host.launch({ id: 'late' });
    await host.until('late runs', async () => (await host.metric('slave/tasks_running')) === 2);
    expect((await host.executor('late')).alive).toBe(true);
  });

  it('can be an agent that does not stop when it is asked to', async () => {
    const host = fleet.host('stubborn');
    const before = await host.executor('web');
    await host.set('hang-on-term');
    await host.restartAgent();
    await host.untilSettled();
    expect(await host.read(`journalctl -o cat -u ${host.unit}`)).toContain("State 'stop-sigterm' timed out. Killing.");
    expect(identity(await host.executor('web'))).toEqual(identity(before));
  });

  it('shows a queued task, or wants credentials, when told to', async () => {
    const host = fleet.host('stubborn');
    await host.set('queued-task');
    expect(JSON.stringify(await host.page('/state'))).toContain('"queued_tasks":[{');
    await host.set('http-401');
    await expect(host.page('/state')).rejects.toThrow('401');
    await host.unset('http-401');
  });

  it('refuses to recover with other attributes, and takes executors back once they are as before', async () => {
    const host = fleet.host('changed');
    const before = await host.executor('web');
    await host.setFlags({ attributes: 'rack:2' });
    await host.restartAgent();
    await host.until('it refuses', async () =>
      (await host.read(`journalctl -u ${host.unit}`)).includes('Incompatible agent info'),
    );
    await host.setFlags({});
    await host.restartAgent();
    await host.untilSettled();
    expect(identity(await host.executor('web'))).toEqual(identity(before));
  });

  it('loses an executor whose listening socket was shut', async () => {
    const host = fleet.host('changed');
    const { pid } = await host.executor('deaf');
    const listening = await host.read(`ss -Htlnp | sed -n 's/.*pid=${pid},fd=\\([0-9]*\\).*/\\1/p'`);
    await shutByHand(host, 'deaf', Number(listening));
    await host.restartAgent();
    await dies(host, 'deaf');
    expect((await host.executor('web')).alive).toBe(true);
  });

  it('can leave an executor where its unit kills it, and lack a capability', async () => {
    const host = fleet.host('inside');
    await host.restartAgent();
    await dies(host, 'web');
    expect((await host.executor('db')).alive).toBe(true);
    const bounding = await host.read("sed -n 's/CapBnd:.//p' /proc/1/status");
    expect((BigInt(`0x${bounding}`) >> 19n) & 1n).toBe(0n);
  });

  it('comes back under another id when told to, and the old tasks are lost', async () => {
    const host = fleet.host('forgetful');
    const { id } = (await host.page('/state')) as { id: string };
    await host.set('new-agent-id');
    await host.restartAgent();
    await host.untilSettled();
    expect(((await host.page('/state')) as { id: string }).id).not.toBe(id);
    expect(fleet.master.agents()).not.toContain(id);
  });

  it('has a master that can want credentials', async () => {
    expect((await fetch(`${fleet.masterUrl}/metrics/snapshot`)).status).toBe(200);
    fleet.master.lock();
    expect((await fetch(`${fleet.masterUrl}/metrics/snapshot`)).status).toBe(401);
  });
});

describe.skipIf(fleetMissing())('a master that loses its patience', { timeout: 120_000 }, () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [{ name: 'slow', executors: [{ id: 'web' }] }],
      master: { pingMs: 1000, maxMissedPings: 3 },
    });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => fleet?.stop());

  it('removes an agent that was away too long, with all its tasks, and knows it no more when it is back', async () => {
    const host = fleet.host('slow');
    const [id] = fleet.master.agents();
    await host.read(`systemctl stop ${host.unit}`);
    await host.until('it is removed', async () => fleet.master.agents().length === 0);
    expect(fleet.master.tasks()).toEqual(new Map([['web', 'TASK_LOST']]));
    await host.read(`systemctl start ${host.unit}`);
    await host.until('it is back', async () => fleet.master.agents().length === 1);
    expect(fleet.master.agents()).not.toContain(id);
    expect((await host.executor('web')).alive).toBe(false);
    expect(fleet.master.metrics()).toMatchObject({ 'master/slave_removals': 1, 'master/tasks_lost': 1 });
  });
});
