import type { Agent, Executor } from '../../src/actions/mesos/facts.ts';

/** An agent that runs and is known to its master. */
export const AGENT: Agent = {
  unit: 'dcos-mesos-slave.service',
  state: 'active',
  pid: 1,
  start: 9,
  instance: 'boot/1/9',
  listening: true,
  id: 'S1',
  latest: true,
};

/** What its host printed that is kept as it is. */
export const TEXT = { version: 'mesos 1.0.3', docker: '', netstat: '', count: '1' };

/** An executor whose link can be shut. */
export function executor(given: Partial<Executor> = {}): Executor {
  return {
    pid: 13812,
    start: 500,
    id: 'cmd-ckpt',
    framework: 'f',
    comm: 'mesos-executor',
    argv: ['mesos-executor'],
    http: false,
    checkpoint: true,
    recoveryTimeout: '15mins',
    standing: 'linked',
    links: [{ fd: 6, inode: 700, localPort: 60498 }],
    ...given,
  };
}
