import { describe, expect, it } from 'vitest';
import { type ExecutorSpec, type HostSpec, SimulatedHost } from './simulated/host.ts';
import type { Mesos } from './simulated/mesos.ts';

const MINUTE = 60_000;

function host(
  executor: Omit<ExecutorSpec, 'id'>,
  spec: Partial<HostSpec> = {},
): { readonly host: SimulatedHost; readonly mesos: Mesos } {
  const made = new SimulatedHost({ name: 'a', executors: [{ id: 'x', ...executor }], ...spec });
  if (made.mesos === undefined) throw new Error('no agent');
  return { host: made, mesos: made.mesos };
}

function linkOf(mesos: Mesos): number {
  const [executor] = mesos.executors;
  const inode = executor === undefined ? undefined : mesos.linksOf(executor)[0]?.inode;
  return [...(executor?.process.fds ?? [])].find(([, target]) => target === `socket:[${inode}]`)?.[0] ?? -1;
}

function shut(mesos: Mesos, fd = linkOf(mesos)): number {
  return mesos.shutdown(mesos.executors[0]?.process.pid ?? 0, fd);
}

function restart({ host: on, mesos }: ReturnType<typeof host>, downMs = 3000): void {
  mesos.stopAgent();
  on.advance(downMs);
  mesos.startAgent();
  on.advance(3000);
}

const fate = (mesos: Mesos) => mesos.executors[0]?.fate;

describe('a simulated executor, as the measured ones', () => {
  it('is lost at a restart when its link was idle for more than five days', () => {
    const it = host({ idleDays: 6 });
    restart(it);
    expect(fate(it.mesos)).toBe('lost');
  });

  it('survives a restart when its link is fresh', () => {
    const it = host({ idleDays: 1 });
    restart(it);
    expect(fate(it.mesos)).toBe('running');
  });

  it('survives a restart after its link was shut, with the same pid and a new socket', () => {
    const it = host({ idleDays: 6 });
    const before = {
      pid: it.mesos.executors[0]?.process.pid,
      links: it.mesos.executors.flatMap((each) => it.mesos.linksOf(each)),
    };
    expect(shut(it.mesos)).toBe(0);
    expect(fate(it.mesos)).toBe('waiting');
    restart(it);
    expect(fate(it.mesos)).toBe('running');
    const after = it.mesos.executors.flatMap((each) => it.mesos.linksOf(each));
    expect(it.mesos.executors[0]?.process.pid).toBe(before.pid);
    expect(after).toHaveLength(1);
    expect(after[0]?.inode).not.toBe(before.links[0]?.inode);
  });

  it.each([
    [14, 'waiting'],
    [15, 'killed'],
  ])('without a restart is %i minutes after its shutdown %s', (minutes, expected) => {
    const it = host({});
    shut(it.mesos);
    it.host.advance(minutes * MINUTE);
    expect(fate(it.mesos)).toBe(expected);
  });

  it('dies at once when its framework does not checkpoint', () => {
    const it = host({ checkpoint: false });
    shut(it.mesos);
    expect(fate(it.mesos)).toBe('killed');
  });

  it('is lost at the next restart when its listening socket was shut, though that returned 0', () => {
    const it = host({ idleDays: 1 });
    expect(shut(it.mesos, 5)).toBe(0);
    restart(it);
    expect(fate(it.mesos)).toBe('lost');
  });

  it('cannot be shut by a descriptor that it does not have', () => {
    const it = host({});
    expect(shut(it.mesos, 99)).toBe(-1);
    expect(fate(it.mesos)).toBe('running');
  });

  it('is lost when it is frozen while the agent recovers', () => {
    const it = host({});
    shut(it.mesos);
    it.mesos.freeze(it.mesos.executors[0]?.process.pid ?? 0, MINUTE);
    restart(it);
    expect(fate(it.mesos)).toBe('lost');
  });

  it('is lost when the agent was down for longer than the master waits, which gives it a new id', () => {
    const it = host({});
    const before = it.mesos.agent.id;
    shut(it.mesos);
    restart(it, 76_000);
    expect(fate(it.mesos)).toBe('lost');
    expect(it.mesos.agent.id).not.toBe(before);
  });

  it('kills itself when it waits and the agent dies again while it recovers', () => {
    const it = host({}, { gdbFreezes: true });
    shut(it.mesos);
    it.mesos.freeze(it.mesos.executors[0]?.process.pid ?? 0, MINUTE);
    it.mesos.stopAgent();
    it.mesos.startAgent();
    it.mesos.stopAgent();
    expect(fate(it.mesos)).toBe('killed');
  });

  it('comes back by itself when it speaks HTTP', () => {
    const it = host({ kind: 'http', idleDays: 6 });
    restart(it);
    expect(fate(it.mesos)).toBe('running');
  });
});
