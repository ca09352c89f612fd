import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import type { FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { Operator, verdict } from './operator.ts';

/** As the node upgrade script of DC/OS: the agent is stopped, something is installed, it is started. */
const UPGRADE = 'systemctl stop dcos-mesos-slave; echo installed > /etc/installed; systemctl start dcos-mesos-slave';

async function who(host: FleetHost): Promise<unknown> {
  return (await host.executors()).map(({ id, pid, start, alive }) => ({ id, pid, start, alive }));
}

describe.skipIf(fleetMissing())('the other playbooks on real hosts', () => {
  let fleet: Fleet;
  let operator: Operator;

  beforeAll(async () => {
    const executors = [{ id: 'web' }, { id: 'nightly report' }];
    fleet = await startFleet({
      hosts: ['roll', 'two-pass', 'stuck', 'sound', 'unsound'].map((name) => ({ name, executors })),
    });
    operator = new Operator(fleet, buildGdbImage(fleet.folder));
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  it('renew and upgrade a host in one pass, and lose nothing', { timeout: 180_000 }, async () => {
    const host = fleet.host('roll');
    const before = await who(host);
    await host.makeStale();
    const run = await operator.run('rolling-upgrade.yml', ['roll'], {
      extra: ['-e', `upgrade_command=${JSON.stringify(UPGRADE)}`],
    });
    expect([verdict(run, 'roll').msg, run.stderr]).toEqual(['', '']);
    expect(run.code).toBe(0);
    expect(await who(host)).toEqual(before);
    expect(await host.read('cat /etc/installed')).toBe('installed');
    expect((await host.exec('systemctl is-active rollgate-agent-upgrade')).stdout.trim()).toBe('inactive');
  });

  it('upgrade no host whose links nobody has renewed, then upgrade it when they are', {
    timeout: 240_000,
  }, async () => {
    const host = fleet.host('two-pass');
    const before = await who(host);
    const extra = ['-e', `upgrade_command=${JSON.stringify(UPGRADE)}`];
    const refused = await operator.run('agent-upgrade.yml', ['two-pass'], { extra });
    expect(refused.code).toBe(3);
    expect(verdict(refused, 'two-pass')).toMatchObject({
      task: 'The links are good for long enough',
      status: 'refused',
    });
    await host.makeStale();
    expect((await operator.run('executor-shutdown.yml', ['two-pass'])).code).toBe(0);
    const upgraded = await operator.run('agent-upgrade.yml', ['two-pass'], { extra });
    expect(verdict(upgraded, 'two-pass').msg).toBe('');
    expect(upgraded.code).toBe(0);
    expect(await who(host)).toEqual(before);
    // It is done: there is nothing left to hurry for.
    const again = await operator.run('agent-upgrade.yml', ['two-pass'], { extra });
    expect(verdict(again, 'two-pass')).toMatchObject({ status: 'refused' });
  });

  it('start the agent again after an upgrade that fails half way', { timeout: 240_000 }, async () => {
    const host = fleet.host('stuck');
    const before = await who(host);
    await host.makeStale();
    const run = await operator.run('rolling-upgrade.yml', ['stuck'], {
      extra: ['-e', 'upgrade_command="systemctl stop dcos-mesos-slave; exit 1"'],
    });
    expect(verdict(run, 'stuck').status).toBe('failed');
    expect(verdict(run, 'stuck').task).toMatch(/^(Upgrade the agent|The upgrade has ended)$/);
    expect(run.code).toBe(2);
    expect(await who(host)).toEqual(before);
    expect((await host.exec('systemctl is-active dcos-mesos-slave')).stdout.trim()).toBe('active');
  });

  it('name the hosts that would be refused, touch none, and leave a list for --limit', {
    timeout: 120_000,
  }, async () => {
    const before = await who(fleet.host('unsound'));
    await fleet.host('unsound').set('queued-task');
    const run = await operator.run('preflight.yml', ['sound', 'unsound']);
    expect(run.code).toBe(3);
    expect(verdict(run, 'sound').msg).toBe('');
    expect(verdict(run, 'unsound')).toMatchObject({ status: 'refused' });
    expect(verdict(run, 'unsound').msg).toMatch(/queued|launch/);
    const id = run.events.find((event) => event.type === 'run_started')?.run;
    const list = join(operator.state, 'runs', String(id), 'hosts-not-done.txt');
    expect(readFileSync(list, 'utf8')).toBe('unsound\n');
    const next = await operator.run('preflight.yml', ['sound,unsound', `!@${list}`]);
    expect(next.code).toBe(0);
    expect(await who(fleet.host('unsound'))).toEqual(before);
  });
});
