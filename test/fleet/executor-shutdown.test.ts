import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import type { ExecutorSpec, FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { Operator, type Run, registered, steps, verdict } from './operator.ts';

const SHUT = "Shut the executors' links and restart the agent";
const VERIFY = 'Every executor is back';

const EXECUTORS: readonly ExecutorSpec[] = [
  { id: 'web', name: 'mesos-docker-executor' },
  { id: 'nightly report', taskName: 'nightly report of all' },
  { id: 'thermos', name: 'custom-thermos' },
  { id: 'two', kind: 'two-sockets' },
  { id: 'edge', kind: 'http' },
  { id: 'frail', checkpoint: false },
];

const HOSTILE = [
  '$(touch /tmp/pwned)',
  '`touch /tmp/pwned`; touch /tmp/pwned',
  '"\'"\'; touch /tmp/pwned #',
  'line\nbreak\n= shut 1 6 0',
  '{{ 1/0 }} {% raw %}',
  '\x1b]0;owned\x07\x1b[2J',
  '\u202egnp.exe',
];

type Alive = Readonly<Record<string, { readonly pid: number; readonly start: string; readonly alive: boolean }>>;

async function lives(host: FleetHost): Promise<Alive> {
  const all = await host.executors();
  return Object.fromEntries(all.map(({ id, pid, start, alive }) => [id, { pid, start, alive }]));
}

const kept = ({ frail: _, ...others }: Alive): Alive => others;

describe.skipIf(fleetMissing())('the executor shutdown on real hosts', () => {
  let fleet: Fleet;
  let operator: Operator;
  let run: Run;
  const before: Record<string, Alive> = {};
  const links: Record<string, readonly string[]> = {};
  const HOSTS = ['private', 'public', 'deleted'];

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [
        { name: 'private', executors: EXECUTORS },
        { name: 'public', executors: EXECUTORS, unit: 'dcos-mesos-slave-public' },
        { name: 'deleted', executors: EXECUTORS },
        { name: 'control', executors: EXECUTORS },
        {
          name: 'hostile',
          executors: [...HOSTILE.map((id) => ({ id, taskName: id })), { id: Buffer.from('caf\xe9', 'latin1') }],
        },
      ],
    });
    operator = new Operator(fleet, buildGdbImage(fleet.folder));
    const deleted = fleet.host('deleted');
    await deleted.read(
      'rm /opt/mesosphere/libexec/mesos/custom-thermos 2>/dev/null || rm "$(find /opt -name custom-thermos)"',
    );
    for (const host of fleet.hosts) {
      await host.makeStale();
      before[host.name] = await lives(host);
      links[host.name] = (await host.executors()).flatMap((each) => each.links.map(({ local }) => local));
    }
    run = await operator.run('executor-shutdown.yml', HOSTS, {
      extra: ['-e', JSON.stringify({ masters: [fleet.masterUrl], lost_allowed: HOSTS.length })],
    });
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  it('runs to its end', () => {
    expect(run.stderr).toBe('');
    for (const host of HOSTS) expect([host, verdict(run, host).msg]).toEqual([host, '']);
    expect(run.code).toBe(0);
  });

  it.each(HOSTS)(
    'keeps every checkpointed executor of %s: the same process, a new link, its task running',
    async (name) => {
      const host = fleet.host(name);
      const after = await lives(host);
      expect(kept(after)).toEqual(kept(before[name] ?? {}));
      expect(Object.values(kept(after)).every(({ alive }) => alive)).toBe(true);
      for (const { id, links: now } of (await host.executors()).filter((each) => each.id !== 'frail')) {
        const fresh = now.filter(({ local }) => !links[name]?.includes(local));
        expect([id, fresh.length > 0]).toEqual([id, true]);
        // Beside its link it has a connection of its own, which is nobody's business.
        if (id !== 'two') expect([id, now.length]).toEqual([id, fresh.length]);
      }
      expect(await host.metric('slave/tasks_running')).toBe(5);
      expect(await host.metric('slave/tasks_lost')).toBe(0);
    },
  );

  it.each(HOSTS)(
    'names the executor of %s that does not checkpoint, does not touch it, and does not call it lost',
    (name) => {
      const left = registered(run, name, SHUT).left_alone as readonly { readonly id: string; readonly why: string }[];
      expect(left.find(({ id }) => id === 'frail')?.why).toContain('does not checkpoint');
      expect(JSON.stringify(registered(run, name, SHUT).shut)).not.toContain('frail');
      expect(registered(run, name, VERIFY).lost).toEqual([]);
    },
  );

  it('leaves what an operator of the old procedure looks for', () => {
    for (const name of HOSTS) {
      const own = operator.kept().filter((file) => file.includes(name));
      expect(own).toEqual(
        expect.arrayContaining([`${name}.netstat.before.txt`, `${name}.netstat.after.txt`, `save_exec.out.${name}`]),
      );
      expect(operator.artifact(`save_exec.out.${name}`)).toContain('$1 = 0');
      expect(operator.artifact(`${name}.netstat.before.txt`)).toMatch(/ESTAB.*:5051/);
    }
  });

  it('restarted each agent once, and left nothing running on its hosts', async () => {
    for (const name of HOSTS) {
      const host = fleet.host(name);
      expect(await host.read('docker ps -aq --filter name=rollgate')).toBe('');
      expect((await host.exec('systemctl is-active rollgate-executor-shutdown')).stdout.trim()).toBe('inactive');
      expect(await host.read('grep -c "systemctl restart" /var/lib/rollgate/executor-shutdown/log')).toBe('1');
    }
  });

  it('is needed: with the same stale links, a restart without it loses them', async () => {
    const host = fleet.host('control');
    await host.restartAgent();
    await host.untilSettled();
    await host.until('they are lost', async () => (await host.metric('slave/tasks_lost')) >= 4);
    const after = await lives(host);
    for (const id of ['web', 'nightly report', 'thermos', 'two']) expect([id, after[id]?.alive]).toEqual([id, false]);
  });

  it('finds nothing lost and does no harm a second time', { timeout: 120_000 }, async () => {
    const again = await operator.run('executor-shutdown.yml', HOSTS);
    expect(again.code).toBe(0);
    for (const name of HOSTS) expect(kept(await lives(fleet.host(name)))).toEqual(kept(before[name] ?? {}));
  });

  it('takes any name for a name, and runs none', { timeout: 120_000 }, async () => {
    const host = fleet.host('hostile');
    const there = await operator.run('executor-shutdown.yml', ['hostile']);
    expect(verdict(there, 'hostile').msg).toBe('');
    expect(await lives(host)).toEqual(before.hostile);
    expect(await host.metric('slave/tasks_lost')).toBe(0);
    expect((await host.exec('ls -d /tmp/pwned /root/pwned')).stdout).toBe('');
    expect(there.stdout).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f\x9b\u202e]/);
    for (const name of operator.kept().filter((file) => file.endsWith('.json') && file.includes('hostile')))
      expect(() => JSON.parse(operator.artifact(name))).not.toThrow();
    expect(steps(there, 'hostile').at(-1)).toMatch(/ok$|skipped$/);
  });
});
