import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ended } from '../e2e/desk.ts';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import type { FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { finished, Operator } from './operator.ts';

const SHUT = "Shut the executors' links and restart the agent";
/** The agent comes back when nobody holds it. */
const HELD = "[Service]\nExecStartPre=/bin/sh -c 'while [ -e /run/held ]; do sleep 0.1; done'\n";
const HOSTS = ['canary', 'forced', 'skipped'] as const;

async function who(host: FleetHost): Promise<unknown> {
  return (await host.executors()).map(({ id, pid, start, alive }) => ({ id, pid, start, alive }));
}

async function links(host: FleetHost): Promise<readonly string[]> {
  return (await host.executors()).flatMap((each) => each.links.map(({ local }) => local));
}

describe.skipIf(fleetMissing())('a run on real hosts, and somebody at another terminal', () => {
  let fleet: Fleet;
  let operator: Operator;

  beforeAll(async () => {
    const executors = [{ id: 'web' }, { id: 'nightly report' }];
    fleet = await startFleet({ hosts: HOSTS.map((name) => ({ name, executors, dropIn: HELD })) });
    operator = new Operator(fleet, buildGdbImage(fleet.folder));
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  const runId = () => readdirSync(join(operator.state, 'runs'))[0] ?? '';
  const say = (verb: string, ...words: readonly string[]): Promise<Ended> =>
    operator.call([verb, runId(), ...words]).ended;
  const order = (verb: string, ...words: readonly string[]) => say(verb, ...words, '--reason', 'because');
  const renewed = () => {
    const ledger = join(operator.state, 'ledger.jsonl');
    const lines = existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').filter(Boolean) : [];
    return lines.map((line) => JSON.parse(line).host).toSorted();
  };

  it('is paused and explained, leaves out who is forced or skipped, and does them when they are restarted, while it runs and afterwards', {
    timeout: 300_000,
  }, async () => {
    const hosts = HOSTS.map((name) => fleet.host(name));
    const before = await Promise.all(hosts.map(who));
    const stale = await Promise.all(hosts.map(links));
    for (const host of hosts) await host.makeStale();
    const ada = operator.start('executor-shutdown.yml', HOSTS);
    await ada.event(({ type }) => type === 'window_opened');
    await fleet.host('canary').read('touch /run/held');

    expect(await order('pause')).toMatchObject({ code: 0, stderr: '' });
    const refused = await Promise.all(['force', 'restart', 'skip'].map((verb) => order(verb, 'canary')));
    for (const { code, stderr } of refused)
      expect([code, stderr]).toEqual([
        65,
        expect.stringContaining('canary has been in window "executor-shutdown" since'),
      ]);
    await fleet.host('canary').read('rm /run/held');
    await ada.event(({ type }) => type === 'window_closed');
    const explained = await say('explain');
    expect(explained.stdout).toMatch(
      /^FAIL {2}nobody has said to wait: paused since .*because\n {6}rollgate continue /m,
    );
    expect(await order('force', 'forced')).toMatchObject({ code: 0, stderr: '' });
    expect(await order('skip', 'skipped')).toMatchObject({ code: 0, stderr: '' });
    const turnedAway = await say('explain', 'skipped');
    expect(turnedAway.stdout).toMatch(/^FAIL .*because/m);
    expect(await order('restart', 'skipped')).toMatchObject({ code: 0, stderr: '' });
    expect(await order('continue')).toMatchObject({ code: 0, stderr: '' });
    const run = await finished(ada);
    expect([run.code, run.stderr]).toEqual([0, '']);
    // What is taken as done is not done: no promise is made of its links.
    expect(renewed()).toEqual(['canary', 'skipped']);
    expect(await links(fleet.host('forced'))).toEqual(stale[HOSTS.indexOf('forced')]);

    expect(await order('restart', 'forced')).toMatchObject({ code: 0, stderr: '' });
    const resumed = await finished(operator.call(['resume', '--yes', '--format', 'json']));
    expect([resumed.code, resumed.stderr]).toEqual([0, '']);
    const shut = resumed.events.filter(({ type, task }) => type === 'step_finished' && task === SHUT);
    expect(shut.map(({ host }) => host).toSorted()).toEqual(['forced']);
    expect(renewed()).toEqual(HOSTS.toSorted());
    expect(await Promise.all(hosts.map(who))).toEqual(before);
    for (const [index, host] of hosts.entries())
      expect((await links(host)).filter((link) => stale[index]?.includes(link))).toEqual([]);
    const status = JSON.parse((await say('status', '--format', 'json')).stdout);
    expect(status.orders.map(({ type }: { type: string }) => type)).toEqual([
      'run_paused',
      'host_forced',
      'host_skipped',
      'host_restarted',
      'run_continued',
      'host_restarted',
    ]);
  });
});
