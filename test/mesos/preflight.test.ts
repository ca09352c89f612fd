import { describe, expect, it } from 'vitest';
import type { Result } from '../../src/actions/action.ts';
import type { Found } from '../../src/actions/mesos/ask.ts';
import { checksOf } from '../../src/actions/mesos/checks.ts';
import type { Agent, Executor } from '../../src/actions/mesos/facts.ts';
import { mesosPreflight } from '../../src/actions/mesos/preflight.ts';
import { askedOn } from '../embedded/asked.ts';
import { type ExecutorSpec, type HostSpec, SimulatedHost } from '../embedded/simulated/host.ts';
import { AGENT, executor, TEXT } from './facts.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const GIVEN = { clock: 'checked' as const, port: 5051, image: IMAGE };

const agent: Agent = {
  ...AGENT,
  settings: { recover: 'reconnect' },
  changedSettings: [],
  service: {
    killMode: 'control-group',
    delegate: 'yes',
    restart: 'always',
    timeoutStop: '1min 30s',
    needDaemonReload: 'no',
    controlGroup: '/system.slice/dcos-mesos-slave.service',
    execStartPre: [],
  },
};

const ready = executor({
  checkpointKnown: true,
  recoveryTimeoutSeconds: 900,
  libc: { path: '/lib/libc.so.6', state: 'on disk' },
  cgroups: ['1:name=systemd:/mesos_executors.slice'],
});

const good: Found = {
  agent,
  executors: [ready],
  text: TEXT,
  clock: { bootId: 'boot', uptimeSeconds: 100, wallSeconds: 1_800_000_000, synchronised: 'yes' },
  docker: { answers: true, containers: new Map() },
  api: { told: 'answered', registered: true, executors: [] },
  surroundings: {
    images: [IMAGE],
    rooms: [{ place: '/var/tmp', freeKib: 1_000_000 }],
    pings: [{ command: '/bin/ping -c1 ready.spartan', code: 0 }],
    windows: [],
  },
};

const withAgent = (given: Partial<Agent>): Found => ({ ...good, agent: { ...agent, ...given } });
const withExecutor = (given: Partial<Executor>): Found => ({ ...good, executors: [{ ...ready, ...given }] });
const around = (given: Partial<Found['surroundings']>): Found => ({
  ...good,
  ...(good.surroundings === undefined ? {} : { surroundings: { ...good.surroundings, ...given } }),
});
const inUnit = ['1:name=systemd:/system.slice/dcos-mesos-slave.service/x', '0::/'];

describe('before a shutdown', () => {
  it('passes every check on a host in good order', () => {
    const checks = checksOf(good, GIVEN);
    expect(checks.filter(({ verdict }) => verdict !== 'PASS')).toEqual([]);
    expect(checks.length).toBeGreaterThan(14);
  });

  it.each<[string, Found, string, RegExp]>([
    ['an agent that does not run', withAgent({ state: 'failed' }), 'agent active', /is failed/],
    ['a port on which nobody listens', withAgent({ listening: false }), 'agent listens', /port 5051/],
    ['an agent that no master knows', { ...good, api: { told: 'answered', registered: false } }, 'registered', /= 0/],
    ['recovery that ends executors', withAgent({ settings: { recover: 'cleanup' } }), 'recover', /cleanup/],
    ['an agent without its past', withAgent({ latest: false }), 'meta/slaves/latest', /takes nobody back/],
    [
      'other attributes at the next start',
      withAgent({ changedSettings: [{ name: 'MESOS_ATTRIBUTES', running: 'a:1', onDisk: 'a:2' }] }),
      'settings on disk',
      /MESOS_ATTRIBUTES is a:1 in the agent and a:2 on disk/,
    ],
    [
      'unit files that systemd has not read',
      withAgent({ service: { ...(agent.service as NonNullable<Agent['service']>), needDaemonReload: 'yes' } }),
      'unit files',
      /daemon-reload/,
    ],
    [
      'a task that is queued',
      withExecutor({ queued: [{ id: 'q{{ 1 }}', name: 'q', state: '' }] }),
      'no launches',
      /"q\{\{ 1 \}\}" is queued/,
    ],
    [
      'a task that is staging',
      withExecutor({ tasks: [{ id: 't', name: 't', state: 'TASK_STAGING' }] }),
      'no launches',
      /"t" is staging/,
    ],
    [
      'a condition that does not hold',
      around({ pings: [{ command: '/bin/ping -c1 ready.spartan', code: 1 }] }),
      'ExecStartPre',
      /ready\.spartan ends with 1/,
    ],
    ['a Docker that does not answer', { ...good, docker: { answers: false, containers: new Map() } }, 'Docker', /./],
    ['another image', around({ images: [] }), 'image', /mesos_gdb_image/],
    ['a full disk', around({ rooms: [{ place: '/var/tmp', freeKib: 5000 }] }), 'disk', /4 MiB free for \/var\/tmp/],
    [
      'a clock that runs by itself',
      { ...good, clock: { ...(good.clock as NonNullable<Found['clock']>), synchronised: 'no' } },
      'clock',
      /NTP/,
    ],
    [
      'a window that is open',
      around({
        windows: [{ file: '/var/lib/rollgate/x/state', words: { phase: 'open', run: 'r1', agent: 'boot/1/9' } }],
      }),
      'no other window',
      /open, begun by r1/,
    ],
    ['an executor that systemd would kill', withExecutor({ cgroups: inUnit }), 'cgroups', /"cmd-ckpt" \(pid 13812\)/],
    [
      'a C library that was replaced',
      withExecutor({ libc: { path: '/lib/libc.so.6', state: 'replaced' } }),
      'C library',
      /would crash them/,
    ],
    [
      'an unreadable flag',
      withExecutor({ checkpoint: false, checkpointKnown: false }),
      'checkpoint flags',
      /"cmd-ckpt"/,
    ],
    ['an odd timeout', withExecutor({ recoveryTimeout: 'a while' }), 'recovery timeouts', /a while in "cmd-ckpt"/],
  ])('fails %s, and nothing else', (_, found, check, why) => {
    const failed = checksOf(found, GIVEN).filter(({ passed }) => !passed);
    expect(failed.map((each) => each.check)).toEqual([check]);
    expect(failed[0]?.why).toMatch(why);
  });

  it.each<[string, Found, string]>([
    ['HTTP is not to be had', { ...good, api: { told: 'unauthorized' } }, 'registered'],
    ['HTTP is not to be had, for launches', { ...good, api: { told: 'no client' } }, 'no launches'],
    ['the library cannot be seen', withExecutor({ libc: { path: '/x', state: 'unknown' } }), 'C library'],
    [
      'nobody knows the clock',
      { ...good, clock: { ...(good.clock as NonNullable<Found['clock']>), synchronised: 'unknown' } },
      'clock',
    ],
    ['df is silent', around({ rooms: [{ place: '/var/tmp' }] }), 'disk'],
  ])('lets a host in where %s, and says that it is not known', (_, found, check) => {
    const odd = checksOf(found, GIVEN).filter(({ verdict }) => verdict !== 'PASS');
    expect(odd.map(({ verdict, passed }) => [verdict, passed])).toContainEqual(['UNKNOWN', true]);
    expect(odd.map((each) => each.check)).toContain(check);
    expect(odd.every(({ passed }) => passed)).toBe(true);
  });

  it.each<[string, Found]>([
    [
      'executors in the agent’s cgroup that systemd spares',
      {
        ...withAgent({ service: { ...(agent.service as NonNullable<Agent['service']>), killMode: 'process' } }),
        executors: [{ ...ready, cgroups: inUnit }],
      },
    ],
    ['a window from before the boot', around({ windows: [{ file: 'f', words: { phase: 'open', agent: 'old/1/9' } }] })],
    [
      'a window of an earlier start of the agent, whose script died before it could say so',
      around({ windows: [{ file: 'f', words: { phase: 'restarting', agent: 'boot/1/8' } }] }),
    ],
    ['a window that is over', around({ windows: [{ file: 'f', words: { phase: 'restarted', agent: 'boot/1/9' } }] })],
    ['the library of one that is not touched', withExecutor({ http: true, libc: { path: '/x', state: 'replaced' } })],
  ])('does not mind %s', (_, found) => {
    expect(checksOf(found, GIVEN).filter(({ passed }) => !passed)).toEqual([]);
  });

  it('says what becomes of who waits already', () => {
    const checks = checksOf(withExecutor({ standing: 'waiting', links: [] }), GIVEN);
    expect(checks.find(({ check }) => check === 'waiting already')).toMatchObject({ verdict: 'PASS', passed: true });
  });
});

const HOSTILE = '$(touch /tmp/pwned)\n"\'; {{ 1/0 }} \x1b[2J\xff';

async function preflight(
  executors: readonly ExecutorSpec[],
  spec: Partial<HostSpec> = {},
  files = {},
): Promise<Result> {
  const state = new SimulatedHost({ name: 'a', executors, images: [IMAGE], files, ...spec });
  const probed = await mesosPreflight.probe(GIVEN, askedOn(state));
  if (!probed.ok) throw new Error(probed.message);
  expect(await state.fs.exists('/tmp/pwned')).toBe(false);
  const decision = mesosPreflight.decide(GIVEN, probed.facts);
  if (decision.kind !== 'settled') throw new Error('work');
  return decision.result;
}

describe('mesos_preflight on a simulated host', () => {
  it('lets a host in that is in good order, and names who will die', async () => {
    const result = await preflight([{ id: 'x' }, { id: HOSTILE, checkpoint: false }]);
    expect(result.refused).toBeUndefined();
    expect(result.checks?.filter((check) => check.verdict !== 'PASS')).toEqual([]);
    const shown = '$(touch /tmp/pwned)\\x0a"\'; {{ 1/0 }} \\x1b[2J\\xff';
    expect(result.will_die).toMatchObject([{ id: shown, tasks: [{ name: shown, state: 'TASK_RUNNING' }] }]);
    expect(result.msg).toContain(`will die, since their frameworks do not checkpoint: "${shown}"`);
  });

  it.each<[string, readonly ExecutorSpec[], Partial<HostSpec>, RegExp]>([
    ['has a task on its way', [{ id: 'x', queuedTask: HOSTILE }], {}, /no launches: .*x1b\[2J\\xff" is queued/],
    ['has executors in the agent’s group', [{ id: 'x', inAgentsCgroup: true }], {}, /cgroups: 1 of 1/],
    [
      'would start another agent',
      [],
      { attributesOnDisk: 'rack:b2' },
      /MESOS_ATTRIBUTES is rack:a1 .* rack:b2 on disk/,
    ],
    ['has unread unit files', [], { needsDaemonReload: true }, /unit files/],
    ['cannot reach its masters', [], { pingFails: true }, /ExecStartPre: .*ping -c1 ready\.spartan ends with 1/],
    ['has a wrong clock', [], { clockSynchronised: 'no' }, /clock: not synchronised/],
    ['has no room', [], { freeKib: 1000 }, /disk: 0 MiB free for \/var\/lib\/rollgate/],
    ['has no Docker', [], { dockerDown: true }, /Docker: docker ps gets no answer/],
    ['has no image', [], { images: [] }, /image: sha256:a+ is not there/],
  ])('refuses a host that %s', async (_, executors, spec, why) => {
    const result = await preflight(executors, spec);
    expect(result).toMatchObject({ changed: false, refused: true });
    expect(result.failed).toBeUndefined();
    expect(result.msg).toMatch(why);
  });

  it('lets a host in whose agent gets its attributes from a script that starts it, and says how far it saw', async () => {
    const result = await preflight([{ id: 'x' }], { startScript: '/opt/start-agent' });
    expect(result.refused).toBeUndefined();
    expect(result.checks?.find(({ check }) => check === 'settings on disk')?.why).toBe(
      'as at the start of the agent, as far as the unit sets them: /opt/start-agent may set more',
    );
    const changed = await preflight([{ id: 'x' }], { startScript: '/opt/start-agent', attributesOnDisk: 'rack:b2' });
    expect(changed.msg).toMatch(/MESOS_ATTRIBUTES is rack:a1 .* rack:b2 on disk/);
  });

  it('refuses a host on which a window is open', async () => {
    const probe = new SimulatedHost({ name: 'b', executors: [], images: [IMAGE] });
    const { pid, startTicks } = probe.mesos?.agent.process ?? {};
    const state = (agent: string) => ({ '/var/lib/rollgate/x/state': `phase open\nrun r1 by me\nagent ${agent}\n` });
    expect((await preflight([], {}, state('another-boot/1/1'))).refused).toBeUndefined();
    const next = probe.bootId.replace(/\d+$/, (digits) => String(Number(digits) + 2).padStart(12, '0'));
    const msg = (await preflight([], {}, state(`${next}/${pid}/${startTicks}`))).msg;
    expect(msg).toMatch(/no other window: .*open, begun by r1 by me/);
  });

  it('lets a host in where the agent wants a token, and says what it could not read', async () => {
    const result = await preflight([{ id: 'x' }], { httpUnauthorized: true });
    expect(result.refused).toBeUndefined();
    expect(result.msg).toContain('not known: registered: not read over HTTP: unauthorized');
  });
});
