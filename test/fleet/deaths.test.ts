import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from '../e2e/desk.ts';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import type { Executor, FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { finished, Operator, type Run, verdict } from './operator.ts';
import { killUnit, met, type Point, release, setPoints } from './points.ts';

const SHIPPED = fileURLToPath(new URL('../../playbooks/executor-shutdown.yml', import.meta.url));
const FOLDER = '/var/lib/rollgate/executor-shutdown';
/** The links of all are spoilt: who is not shut before the agent is restarted is lost. */
const EXECUTORS = [{ id: 'web' }, { id: 'nightly report' }];

type Pids = readonly [web: number, report: number];

const attach = (pid: number) => `docker exec rollgate-gdb * attach ${pid} *`;
const RESTART = 'systemctl restart dcos-mesos-slave.service';
/** The old agent is gone when this is asked; it is held until the new one listens. */
const BACK = {
  call: 'systemctl is-active dcos-mesos-slave.service',
  where: 'until ss -Hltn sport = :5051 | grep -q .; do sleep 0.05; done',
};

const at = (unit: Point['unit'], call: string, moment: Point['moment'], where?: string): Point => ({
  unit,
  call,
  moment,
  ...(where === undefined ? {} : { where }),
});

/** One link has been shut, and the script has not written down that it is. */
const halfWay = ([web]: Pids): Point => at('script', attach(web), 'after');

/** What was to be seen of a host before, and must be so afterwards. */
function identity({ id, pid, start, alive }: Executor): unknown {
  return { id, pid, start, alive };
}

describe.skipIf(fleetMissing())('no history restarts an agent twice, and none loses a task', () => {
  let fleet: Fleet;
  let operator: Operator;
  /** The same playbook, whose guard fires soon. */
  let hasty = '';

  beforeAll(async () => {
    const flags = { recovery_timeout: '120secs' };
    fleet = await startFleet({
      hosts: ['script', 'guard', 'bastion'].map((name) => ({ name, executors: EXECUTORS, flags })),
    });
    operator = new Operator(fleet, buildGdbImage(fleet.folder));
    hasty = join(operator.folder, 'hasty.yml');
    const written = readFileSync(SHIPPED, 'utf8');
    expect(written).toMatch(/expected: .*/);
    writeFileSync(hasty, written.replace(/expected: .*/, 'expected: 4'));
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  /** The host as it is now, to be compared with what it is when a history is over. */
  async function seen(host: FleetHost) {
    const executors = await host.executors();
    const [web, report] = executors.map(({ pid }) => pid);
    if (web === undefined || report === undefined) throw new Error('two executors are needed');
    return { who: executors.map(identity), pids: [web, report] as const, starts: await starts(host) };
  }

  /** How often systemd has started the agent. */
  async function starts(host: FleetHost): Promise<number> {
    return Number(await host.read('journalctl -o cat -u dcos-mesos-slave | grep -c "^Started dcos-mesos-slave"'));
  }

  async function phaseIs(host: FleetHost, phase: string): Promise<void> {
    await host.until(
      `phase ${phase}`,
      async () => (await host.exec(`grep -q '^phase ${phase}$' ${FOLDER}/state`)).code === 0,
      120_000,
    );
  }

  async function dies(call: Call): Promise<void> {
    call.child.kill('SIGKILL');
    await call.ended;
  }

  const resume = () => operator.call(['resume', '--yes', '--format', 'json']);

  /** All that is promised, whatever happened between. */
  async function expectHome(host: FleetHost, before: Awaited<ReturnType<typeof seen>>, run: Run): Promise<void> {
    expect([verdict(run, host.name).msg, run.stderr, run.code]).toEqual(['', '', 0]);
    expect((await host.executors()).map(identity)).toEqual(before.who);
    expect(await starts(host)).toBe(before.starts + 1);
    expect(await host.read(`head -n 1 ${FOLDER}/state`)).toBe('phase restarted');
    expect((await host.exec('systemctl is-active rollgate-guard-executor-shutdown.timer')).stdout.trim()).toBe(
      'inactive',
    );
    expect((await host.exec('docker ps -aq --filter name=rollgate-gdb')).stdout).toBe('');
  }

  /** rollgate dies while the script is held, then the script: nobody sees it die. */
  async function diesWithScript(host: FleetHost, playbook: string): Promise<void> {
    await host.makeStale();
    const call = operator.start(playbook, [host.name], { extra: ['-e', 'watch=0'] });
    await met(host, 'script');
    await dies(call);
    await killUnit(host, 'script');
  }

  const SCRIPT_DIES: Readonly<Record<string, (pids: Pids) => Point>> = {
    'while it tries gdb': () => at('script', 'docker exec rollgate-gdb *shutdown(-1,0)*', 'after'),
    'when it is about to shut the first link': ([web]) => at('script', attach(web), 'before'),
    'when it has shut one': halfWay,
    'between executors': ([, report]) => at('script', attach(report), 'before'),
    'before it orders the restart': () => at('script', RESTART, 'before'),
    'when it has ordered it': () => at('script', RESTART, 'midway'),
    'when the agent is back, before it says so': () => at('script', BACK.call, 'before', BACK.where),
  };

  it.each(Object.entries(SCRIPT_DIES))(
    'when rollgate and the script die %s, and resume comes',
    { timeout: 300_000 },
    async (_, point) => {
      const host = fleet.host('script');
      const before = await seen(host);
      await setPoints(host, { script: point(before.pids) });
      await diesWithScript(host, 'executor-shutdown.yml');
      await expectHome(host, before, await finished(resume()));
    },
  );

  /** The script has died, too. A guard may die more than once. */
  const GUARD_DIES: Readonly<Record<string, (pids: Pids) => readonly Point[]>> = {
    'before it has the lock': () => [at('guard', 'flock 9', 'before')],
    'when it has the lock': () => [at('guard', 'flock 9', 'after')],
    'between executors': ([, report]) => [at('guard', attach(report), 'before')],
    'before it orders the restart': () => [at('guard', RESTART, 'before')],
    'when it has ordered it': () => [at('guard', RESTART, 'midway')],
    'with the lock, and again when the agent is back': () => [
      at('guard', 'flock 9', 'after'),
      at('guard', BACK.call, 'before', BACK.where),
    ],
  };

  it.each(Object.entries(GUARD_DIES))(
    'when the guard dies %s: it comes again',
    { timeout: 300_000 },
    async (_, points) => {
      const host = fleet.host('guard');
      const before = await seen(host);
      const guards = Object.fromEntries(points(before.pids).map((point, n) => [`guard${n}`, point]));
      await setPoints(host, { script: halfWay(before.pids), ...guards });
      await diesWithScript(host, hasty);
      for (const name of Object.keys(guards)) {
        await met(host, name);
        await killUnit(host, 'guard');
      }
      await phaseIs(host, 'restarted');
      expect(await starts(host)).toBe(before.starts + 1);
      await expectHome(host, before, await finished(resume()));
    },
  );

  it('when the guard dies and does not come again, and resume comes', { timeout: 300_000 }, async () => {
    const host = fleet.host('guard');
    const before = await seen(host);
    await setPoints(host, { script: halfWay(before.pids), guard: at('guard', RESTART, 'before') });
    await diesWithScript(host, hasty);
    await met(host, 'guard');
    await host.read('systemctl stop rollgate-guard-executor-shutdown.timer');
    await killUnit(host, 'guard');
    await expectHome(host, before, await finished(resume()));
  });

  it('when resume comes while the guard is at it', { timeout: 300_000 }, async () => {
    const host = fleet.host('guard');
    const before = await seen(host);
    await setPoints(host, { script: halfWay(before.pids), guard: at('guard', RESTART, 'midway') });
    await diesWithScript(host, hasty);
    await met(host, 'guard');
    const resumed = resume();
    await host.until(
      'another waits for the lock',
      async () => (await host.exec('systemctl is-active rollgate-executor-shutdown.service')).code === 0,
    );
    await release(host, 'guard');
    await expectHome(host, before, await finished(resumed));
  });

  it('when two persons bring the host home before resume comes', { timeout: 300_000 }, async () => {
    const host = fleet.host('guard');
    const before = await seen(host);
    await setPoints(host, { script: halfWay(before.pids) });
    await diesWithScript(host, 'executor-shutdown.yml');
    await host.read(`sh ${FOLDER}/procedure.sh home & sh ${FOLDER}/procedure.sh home; wait`);
    await expectHome(host, before, await finished(resume()));
  });

  /** Where resume, whose unit goes on for the script that died, is killed. That unit goes on after it, or dies with it. */
  const RESUME_DIES: Readonly<Record<string, (pids: Pids) => readonly [Point, alone: boolean]>> = {
    'between executors': ([, report]) => [at('script', attach(report), 'before'), false],
    'before the restart is ordered': () => [at('script', RESTART, 'before'), true],
    'when it has been ordered': () => [at('script', RESTART, 'midway'), false],
    'when the agent is back': () => [at('script', BACK.call, 'before', BACK.where), true],
  };

  it.each(Object.entries(RESUME_DIES))(
    'when rollgate and the script die, then resume %s, and another comes',
    { timeout: 300_000 },
    async (_, history) => {
      const host = fleet.host('bastion');
      const before = await seen(host);
      const [point, alone] = history(before.pids);
      await setPoints(host, { script: halfWay(before.pids) });
      await diesWithScript(host, 'executor-shutdown.yml');
      await setPoints(host, { resumed: point });
      const resumed = resume();
      await met(host, 'resumed');
      await dies(resumed);
      await (alone ? release(host, 'script') : killUnit(host, 'script'));
      await expectHome(host, before, await finished(resume()));
    },
  );

  it('when the resume that brought the host home dies as it looks whether all are back', {
    timeout: 300_000,
  }, async () => {
    const host = fleet.host('bastion');
    const before = await seen(host);
    await setPoints(host, { script: halfWay(before.pids) });
    await diesWithScript(host, 'executor-shutdown.yml');
    const resumed = resume();
    await resumed.event((event) => event.type === 'step_started' && event.task === 'Every executor is back');
    await dies(resumed);
    await expectHome(host, before, await finished(resume()));
  });
});
