import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { dies, linkOf, shutByHand } from './hands.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';

describe.skipIf(fleetMissing())('a fleet of real hosts', { timeout: 120_000 }, () => {
  let fleet: Fleet;

  beforeAll(async () => {
    const two = [{ id: 'web' }, { id: 'db', name: 'mesos-docker-executor' as const }];
    fleet = await startFleet({
      hosts: [
        { name: 'live', executors: two },
        { name: 'stale', executors: two, unit: 'dcos-mesos-slave-public' },
        { name: 'renewed', executors: [{ id: 'web' }] },
        { name: 'short', executors: [{ id: 'web' }], flags: { recovery_timeout: '5secs' } },
        { name: 'frail', executors: [{ id: 'plain', checkpoint: false }, { id: 'shut' }] },
      ],
    });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => fleet?.stop());

  it('runs what it was asked for, and the master counts it', async () => {
    for (const host of fleet.hosts)
      for (const { alive, links } of await host.executors()) expect([alive, links.length]).toEqual([true, 1]);
    expect(fleet.master.metrics()).toMatchObject({ 'master/slaves_active': 5, 'master/tasks_running': 8 });
  });

  it('takes executors with live links back after a restart', async () => {
    const host = fleet.host('live');
    const before = await host.executors();
    await host.restartAgent();
    await host.untilSettled();
    const after = await host.executors();
    expect(after.map(({ pid, start, alive }) => ({ pid, start, alive }))).toEqual(
      before.map(({ pid, start }) => ({ pid, start, alive: true })),
    );
    expect(after.map(({ links }) => links)).not.toEqual(before.map(({ links }) => links));
    expect(await host.metric('slave/tasks_running')).toBe(2);
    expect(await host.agentLog()).toContain("Re-registering executor 'db'");
  });

  it('loses executors whose links five idle days have spoiled', async () => {
    const host = fleet.host('stale');
    const lost = fleet.master.metrics()['master/tasks_lost'] ?? 0;
    await host.makeStale();
    await host.restartAgent();
    await host.untilSettled();
    await host.until('both are lost', async () => (await host.metric('slave/tasks_lost')) === 2);
    expect((await host.executors()).map(({ alive }) => alive)).toEqual([false, false]);
    expect(await host.agentLog()).toContain("Killing un-reregistered executor 'web'");
    expect(await host.read('docker ps -q')).toBe('');
    expect(fleet.master.metrics()['master/tasks_lost']).toBe(lost + 2);
  });

  it('renews a spoiled link that is shut by hand before the restart', async () => {
    const host = fleet.host('renewed');
    const before = await host.executor('web');
    await host.makeStale('web');
    await shutByHand(host, 'web', await linkOf(host, 'web'));
    await host.until('it waits', async () => (await host.executor('web')).links.length === 0);
    await host.restartAgent();
    await host.untilSettled();
    const after = await host.executor('web');
    expect(after).toMatchObject({ pid: before.pid, start: before.start, alive: true });
    expect(after.links.map(({ local }) => local)).not.toEqual(before.links.map(({ local }) => local));
    expect(await host.stderrOf('web')).toMatch(
      /Waiting 15mins to reconnect.*reconnect request.*re-registered on agent/s,
    );
  });

  it('loses an executor that waits until its recovery timeout', async () => {
    const host = fleet.host('short');
    await shutByHand(host, 'web', await linkOf(host, 'web'));
    await dies(host, 'web');
    expect(await host.stderrOf('web')).toContain('Recovery timeout of 5secs exceeded');
    await host.until('killed', async () => (await host.metric('slave/tasks_killed')) === 1);
  });

  it('loses an executor that does not checkpoint as soon as its link is shut', async () => {
    const host = fleet.host('frail');
    await shutByHand(host, 'plain', await linkOf(host, 'plain'));
    await dies(host, 'plain');
    expect(await host.stderrOf('plain')).toMatch(/Agent exited ... shutting down$/s);
  });

  it('loses an executor that waits when a second agent goes away from it', async () => {
    const host = fleet.host('frail');
    await shutByHand(host, 'shut', await linkOf(host, 'shut'));
    await host.set('die-while-recovering');
    await host.restartAgent();
    await dies(host, 'shut');
    expect(await host.stderrOf('shut')).toMatch(/Received reconnect request.*Agent exited ... shutting down$/s);
  });
});
