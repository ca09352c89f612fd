import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Asked, Result } from '../../src/actions/action.ts';
import type { Found } from '../../src/actions/mesos/ask.ts';
import { mesosCapture, registered } from '../../src/actions/mesos/capture.ts';
import { compare } from '../../src/actions/mesos/comparison.ts';
import type { Agent, Executor } from '../../src/actions/mesos/facts.ts';
import { registeredCapture } from '../../src/actions/mesos/registered-capture.ts';
import { mesosVerify } from '../../src/actions/mesos/verify.ts';
import { keep } from '../../src/connection/keep.ts';
import { askedOn } from '../embedded/asked.ts';
import { type ExecutorSpec, SimulatedHost } from '../embedded/simulated/host.ts';
import type { Mesos } from '../embedded/simulated/mesos.ts';
import { AGENT, executor, TEXT } from './facts.ts';

const api = { told: 'answered', registered: true, recoveryErrors: 0, executors: [] };
const docker = { answers: true, containers: new Map() };

function found(executors: readonly Executor[], given: Partial<Agent> = {}, more: Partial<Found> = {}): Found {
  return { agent: { ...AGENT, ...given }, executors, text: TEXT, api, docker, recovery: 'finished', ...more };
}

/** As a playbook gives it back, which has been JSON meanwhile. */
const asRegistered = (earlier: Found) => registeredCapture.parse(JSON.parse(JSON.stringify(registered(earlier))));

const after = { instance: 'boot/2/90' };
const fresh = [{ fd: 7, inode: 900, localPort: 60774 }];
const names = (executors: readonly { readonly id: string }[]) => executors.map(({ id }) => id);
const task = (state = 'TASK_RUNNING', id = 't1') => ({ id, name: `name of ${id}`, state });

describe('a comparison', () => {
  const container = { id: 'c1', startedAt: '2026-11-15T01:36:00Z' };

  it.each<
    [
      string,
      readonly Executor[],
      readonly Executor[],
      Partial<Record<keyof ReturnType<typeof compare>, readonly string[]>>,
    ]
  >([
    ['back on a new link', [executor()], [executor({ links: fresh })], { relinked: ['cmd-ckpt'] }],
    ['alive on its old link, which proves nothing', [executor()], [executor()], { waiting: ['cmd-ckpt'] }],
    ['alive and waiting', [executor()], [executor({ standing: 'waiting', links: [] })], { waiting: ['cmd-ckpt'] }],
    ['lost', [executor()], [], { lost: ['cmd-ckpt'] }],
    [
      'lost, its pid taken by another',
      [executor()],
      [executor({ start: 777, links: fresh })],
      { lost: ['cmd-ckpt'], fresh: ['cmd-ckpt'] },
    ],
    ['gone, as foretold', [executor({ checkpoint: false })], [], { gone: ['cmd-ckpt'] }],
    ['foretold to die, and alive', [executor({ checkpoint: false })], [executor()], { unexpected: ['cmd-ckpt'] }],
    ['no executor but what one left behind', [], [executor({ standing: 'unlinked', links: [] })], {}],
    ['new', [], [executor({ links: fresh })], { fresh: ['cmd-ckpt'] }],
    [
      'back, with its container',
      [executor({ container })],
      [executor({ container, links: fresh })],
      { relinked: ['cmd-ckpt'] },
    ],
    [
      'back, with its container started anew',
      [executor({ container })],
      [executor({ container: { ...container, startedAt: '2026-11-21T01:36:00Z' }, links: fresh })],
      { relinked: ['cmd-ckpt'], lost: ['cmd-ckpt'] },
    ],
    [
      'back, without its container',
      [executor({ container })],
      [executor({ links: fresh })],
      { relinked: ['cmd-ckpt'], lost: ['cmd-ckpt'] },
    ],
    [
      'back, with its task',
      [executor({ tasks: [task()] })],
      [executor({ tasks: [task()], links: fresh })],
      { relinked: ['cmd-ckpt'] },
    ],
    [
      'back, without its task',
      [executor({ tasks: [task()] })],
      [executor({ tasks: [task('TASK_FAILED')], links: fresh })],
      { relinked: ['cmd-ckpt'], lost: ['cmd-ckpt'] },
    ],
    [
      'back, its tasks not to be read',
      [executor({ tasks: [task()] })],
      [executor({ links: fresh })],
      { relinked: ['cmd-ckpt'] },
    ],
    [
      'back, a task of it ended before',
      [executor({ tasks: [task('TASK_FINISHED')] })],
      [executor({ tasks: [], links: fresh })],
      { relinked: ['cmd-ckpt'] },
    ],
  ])('names who is %s', (_, earlier, now, expected) => {
    const result = compare(asRegistered(found(earlier)), found(now, after));
    const given = Object.fromEntries(
      Object.entries(result)
        .map(([kind, who]) => [kind, names(who)])
        .filter(([, who]) => who?.length),
    );
    expect(given).toEqual(expected);
  });

  it('does not take a Docker that does not answer for containers that are gone', () => {
    const now = found([executor({ links: fresh })], after, { docker: { answers: false, containers: new Map() } });
    expect(compare(asRegistered(found([executor({ container })])), now).lost).toEqual([]);
  });

  it('takes an old link for a link where the agent was not restarted', () => {
    const before = found([executor()]);
    expect(names(compare(asRegistered(before), before).relinked)).toEqual(['cmd-ckpt']);
  });
});

const GIVEN = { port: 5051, wait: 0, watch: 0 };

function verdict(earlier: Found, now: Found): Result {
  const decision = mesosVerify.decide({ ...GIVEN, before: asRegistered(earlier) }, { ...now, host: 'a1' });
  if (decision.kind !== 'settled') throw new Error('work');
  return decision.result;
}

describe('a verification', () => {
  const before = found([executor()]);
  const back = [executor({ links: fresh })];

  it('is content when agent and executors are back', () => {
    const result = verdict(before, found(back, after));
    expect(result).toMatchObject({ changed: false, restarted: true, lost: [], remedy: [], not_read: [] });
    expect(result.failed).toBeUndefined();
  });

  it.each<[string, Found, RegExp]>([
    ['an executor that is lost', found([], after), /lost, remedy their tasks: "cmd-ckpt"/],
    ['an executor without a link', found([executor()], after), /alive, but not linked/],
    ['an agent that is down', found(back, { ...after, state: 'failed' }), /is failed/],
    ['an agent under another id', found(back, { ...after, id: 'S2' }), /came back as S2, and was S1/],
    [
      'an agent that no master knows',
      found(back, after, { api: { ...api, registered: false } }),
      /not registered with a master/,
    ],
    ['errors of the recovery', found(back, after, { api: { ...api, recoveryErrors: 2 } }), /2 errors/],
    ['a recovery that has not ended', found(back, after, { recovery: 'unfinished' }), /has not finished its recovery/],
    ['an agent that was not restarted', before, /has not been restarted since/],
  ])('fails for %s', (_, now, why) => {
    const result = verdict(before, now);
    expect(result.failed).toBe(true);
    expect(result.msg).toMatch(why);
  });

  it('says what it could not read, and does not fail for it', () => {
    const { recovery: _, ...now } = found(back, after, { api: { told: 'unauthorized' } });
    const result = verdict(before, now);
    expect(result.failed).toBeUndefined();
    expect(result.msg).toContain('not read: tasks (HTTP: unauthorized)');
    expect(result.not_read).toHaveLength(3);
  });

  it('lists each task to remedy, by its own name', () => {
    const earlier = found([
      executor({ tasks: [task(), task('TASK_RUNNING', '$(id)\\x0a')] }),
      executor({ pid: 2, id: 'unread' }),
      executor({ pid: 3, id: 'unsafe', checkpoint: false }),
    ]);
    const result = verdict(earlier, found([], after));
    const common = { host: 'a1', framework: 'f' };
    expect(result.remedy).toEqual([
      { ...common, task_id: 't1', name: 'name of t1', executor_id: 'cmd-ckpt', why: 'its executor is gone' },
      {
        ...common,
        task_id: '$(id)\\x0a',
        name: 'name of $(id)\\x0a',
        executor_id: 'cmd-ckpt',
        why: 'its executor is gone',
      },
      { ...common, task_id: 'unread', name: 'unread', executor_id: 'unread', why: 'its executor is gone' },
      {
        ...common,
        task_id: 'unsafe',
        name: 'unsafe',
        executor_id: 'unsafe',
        why: 'its framework does not checkpoint, as was foretold',
      },
    ]);
    expect(names(result.lost as unknown as Executor[])).toEqual(['cmd-ckpt', 'unread']);
  });

  it('shows before and after side by side, aligned', () => {
    const earlier = found([executor({ tasks: [task()] }), executor({ pid: 2, id: 'second' })]);
    const result = verdict(earlier, found([executor({ links: fresh, tasks: [task()] })], after));
    expect(result.table).toEqual([
      '                                before    after',
      'agent id                        S1        S1',
      'agent start                     boot/1/9  boot/2/90',
      'executors                       2         1',
      'processes mesos-exec|mesos-doc  1         1',
      'became  executor    pid    tasks         before           after',
      'LOST    "second"    2                    fd 6 socket 700  -',
      'linked  "cmd-ckpt"  13812  "name of t1"  fd 6 socket 700  fd 7 socket 900',
    ]);
    expect(result.comparison).toMatchObject([
      { became: 'LOST', id: 'second', before: { links: [{ inode: 700 }] } },
      { became: 'linked', id: 'cmd-ckpt', after: { links: [{ inode: 900, local_port: 60774 }] } },
    ]);
  });
});

interface Ongoing {
  readonly state: SimulatedHost;
  readonly mesos: Mesos;
  readonly host: Asked;
  readonly before: ReturnType<typeof asRegistered>;
}

async function begun(executors: readonly ExecutorSpec[]): Promise<Ongoing> {
  const state = new SimulatedHost({ name: 'a', executors });
  const host = askedOn(state);
  const probed = await mesosCapture.probe({ port: 5051, label: 'before' }, host);
  if (!probed.ok || state.mesos === undefined) throw new Error('no agent');
  return { state, mesos: state.mesos, host, before: asRegistered(probed.facts) };
}

function renew({ mesos, state }: Ongoing): void {
  for (const { spec, process } of mesos.executors)
    if (spec.checkpoint !== false && spec.kind !== 'http') mesos.shutdown(process.pid, 6);
  mesos.stopAgent();
  state.advance(3000);
  mesos.startAgent();
}

async function verified({ host, before }: Ongoing, given: object = {}): Promise<Result> {
  const params = { ...GIVEN, wait: 30, watch: 90, before, ...given };
  const probed = await mesosVerify.probe(params, host);
  if (!probed.ok) throw new Error(probed.message);
  const decision = mesosVerify.decide(params, probed.facts);
  if (decision.kind === 'settled') return decision.result;
  for (const command of decision.commands) if (command.kind === 'keep') await keep(command.to, command.bytes);
  const at = new Date(0);
  return decision.conclude(decision.commands.map(() => ({ outcome: { kind: 'done' }, startedAt: at, endedAt: at })));
}

describe('mesos_verify on a simulated host', () => {
  it('waits for the recovery, and watches to the end of its time', async () => {
    const on = await begun([{ id: 'web', kind: 'docker' }, { id: 'x' }, { id: 'edge', kind: 'http' }]);
    renew(on);
    const result = await verified(on);
    expect(result.failed).toBeUndefined();
    expect(result).toMatchObject({ lost: [], waiting: [], unexpected: [], not_read: [], restarted: true });
    expect(on.host.clock.monotonic()).toBeGreaterThanOrEqual(90_000);
    expect(on.host.clock.monotonic()).toBeLessThan(125_000);
  });

  it('sees what goes wrong only while it watches', async () => {
    const on = await begun([{ id: 'x' }, { id: 'y' }]);
    renew(on);
    const { sleep } = on.host.clock;
    let slept = 0;
    const host: Asked = {
      ...on.host,
      clock: {
        ...on.host.clock,
        sleep: async (ms) => {
          slept += ms;
          await sleep(ms);
          const [first] = on.mesos.executors;
          if (slept > 60_000 && first !== undefined) on.state.end(first.process.pid);
        },
      },
    };
    const result = await verified({ ...on, host });
    expect(result).toMatchObject({ failed: true, lost: [{ id: 'x', tasks: [{ name: 'x' }] }] });
    expect(slept).toBeGreaterThan(60_000);
    expect(slept).toBeLessThan(90_000);
  });

  it('does not wait for who cannot come back, and keeps the list of what to remedy', async () => {
    const on = await begun([{ id: '$(touch /tmp/pwned)\n{{ 1/0 }}\xff' }, { id: 'unsafe', checkpoint: false }]);
    on.mesos.stopAgent();
    on.mesos.startAgent();
    on.state.advance(3000);
    const dest = mkdtempSync(join(tmpdir(), 'rollgate-remedy-'));
    try {
      const result = await verified(on, { dest });
      const shown = '$(touch /tmp/pwned)\\x0a{{ 1/0 }}\\xff';
      expect(result).toMatchObject({ failed: true, lost: [{ id: shown }], gone: [{ id: 'unsafe' }] });
      expect(JSON.parse(readFileSync(join(dest, 'agent001.remedy.json'), 'utf8'))).toEqual(result.remedy);
      expect(result.remedy).toMatchObject([
        { task_id: shown, executor_id: shown, host: 'agent001' },
        { task_id: 'unsafe', why: expect.stringContaining('does not checkpoint') },
      ]);
      expect(on.host.clock.monotonic()).toBe(0);
    } finally {
      rmSync(dest, { recursive: true });
    }
  });

  it('tells an agent that its master has given up', async () => {
    const on = await begun([{ id: 'x' }]);
    on.mesos.stopAgent();
    on.state.advance(80_000);
    on.mesos.startAgent();
    const result = await verified(on);
    expect(result.msg).toMatch(/came back as .*-S2, and was .*-S1: its master has given its tasks up/);
  });
});
