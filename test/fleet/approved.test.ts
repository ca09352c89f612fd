import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agreement } from '../review/agreement.ts';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { finished, Operator, PLAYBOOKS, type Run, verdict } from './operator.ts';

const UPGRADE = 'systemctl stop dcos-mesos-slave; echo installed > /etc/installed; systemctl start dcos-mesos-slave';
const SHUT = "Shut the executors' links and restart the agent";

describe.skipIf(fleetMissing())('what was approved, and what is done of it on real hosts', () => {
  let fleet: Fleet;
  let operator: Operator;

  beforeAll(async () => {
    const executors = [{ id: 'web' }, { id: 'nightly report', name: 'mesos-docker-executor' as const }];
    fleet = await startFleet({ hosts: ['shut', 'roll', 'ended', 'restarted'].map((name) => ({ name, executors })) });
    operator = new Operator(fleet, buildGdbImage(fleet.folder));
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  async function approve(playbook: string, hosts: readonly string[]): Promise<string> {
    const file = `${playbook}.json`;
    const upgrade = ['-e', `upgrade_command=${JSON.stringify(UPGRADE)}`];
    const line = [join(PLAYBOOKS, `${playbook}.yml`), '-i', operator.inventory(), '-l', hosts.join(','), ...upgrade];
    const { code, stderr } = await operator.call(['plan', ...line, '--probe', '-o', file]).ended;
    expect([code, stderr]).toEqual([0, '']);
    return file;
  }

  const run = (file: string) => finished(operator.call(['run', '--plan', file, '--yes', '--format', 'json']));
  const held = (file: string, { events }: Run) =>
    agreement(JSON.parse(readFileSync(join(operator.folder, file), 'utf8')), events);

  it('turns away a host that has changed since, and only that; on the others sends what was approved', async () => {
    const file = await approve('executor-shutdown', ['shut', 'ended', 'restarted']);
    const { pid } = await fleet.host('ended').executor('web');
    await fleet.host('ended').read(`kill -9 ${pid}`);
    await fleet.host('restarted').restartAgent();
    await fleet.host('restarted').untilSettled();
    const before = await Promise.all(['ended', 'restarted'].map((name) => fleet.host(name).executors()));
    await fleet.host('shut').makeStale();
    const came = await run(file);
    expect(came.code).toBe(3);
    expect(verdict(came, 'ended')).toMatchObject({
      status: 'refused',
      msg: expect.stringMatching(new RegExp(`executor "web" with .* was pid ${pid} \\(.*\\), and is`)),
    });
    expect(verdict(came, 'restarted')).toMatchObject({
      status: 'refused',
      msg: expect.stringMatching(/the agent's start \(boot\/pid\/ticks\) was \S+, and is \S+/),
    });
    expect(await Promise.all(['ended', 'restarted'].map((name) => fleet.host(name).executors()))).toEqual(before);
    expect(verdict(came, 'shut').msg).toBe('');
    const { same, open, against } = held(file, came);
    expect(against).toEqual([]);
    expect(same).toEqual(['shut: The image with gdb is there', `shut: ${SHUT}`]);
    expect(open).toEqual(['shut: The agent has been restarted', 'shut: The links are good for five days']);
  }, 240_000);

  it('sends what was approved of the agent upgrade', async () => {
    const file = await approve('agent-upgrade', ['shut']);
    const came = await run(file);
    expect([came.code, verdict(came, 'shut').msg]).toEqual([0, '']);
    const { same, open, against } = held(file, came);
    expect(against).toEqual([]);
    expect(same).toEqual(['shut: Upgrade the agent', 'shut: The upgrade has ended']);
    expect(open).toEqual(["shut: Nothing is left of the upgrade's unit", 'shut: The five days do not matter any more']);
  }, 240_000);

  it('sends what was approved of the rolling upgrade', async () => {
    await fleet.host('roll').makeStale();
    const file = await approve('rolling-upgrade', ['roll']);
    const came = await run(file);
    expect([came.code, verdict(came, 'roll').msg]).toEqual([0, '']);
    const { same, open, against } = held(file, came);
    expect(against).toEqual([]);
    expect(same).toEqual([
      'roll: The image with gdb is there',
      `roll: ${SHUT}`,
      'roll: Upgrade the agent',
      'roll: The upgrade has ended',
    ]);
    expect(open).toEqual(['roll: The agent has been restarted', "roll: Nothing is left of the upgrade's unit"]);
  }, 240_000);

  it('sends nothing for the preflight', async () => {
    const file = await approve('preflight', ['shut', 'roll']);
    const came = await run(file);
    expect(came.code).toBe(0);
    expect(held(file, came)).toMatchObject({ same: [], open: [], against: [] });
  }, 120_000);
});
