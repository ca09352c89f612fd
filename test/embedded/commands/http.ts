import type { Execution } from '../execution.ts';
import { AGENT_PORT } from '../simulated/mesos.ts';
import { command, failure, type HostCommands } from './command.ts';

/** curl, as far as the agent's own port is asked. */
export const httpCommands: HostCommands = ({ state }) => [
  command('curl', (args) => {
    const url = new URL(args.findLast((arg) => arg.startsWith('http://')) ?? 'http://nowhere/');
    const body = url.port === String(AGENT_PORT) ? answer(state, url.pathname) : undefined;
    if (body === undefined) return { ...failure(7, 'curl: (7) Connection refused'), stdout: '\n000' };
    return state.spec.httpUnauthorized === true
      ? { stdout: '\n401' }
      : { stdout: `${ascii(JSON.stringify(body))}\n200` };
  }),
];

/** A byte is a character here, and must not become two on its way. */
function ascii(json: string): string {
  return json.replace(/[\x80-\xff]/g, (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`);
}

function answer({ mesos, spec }: Execution['state'], path: string): object | undefined {
  if (mesos?.agent.process === undefined) return undefined;
  if (path === '/metrics/snapshot') {
    return {
      'slave/registered': mesos.agent.recoveringUntil === undefined ? 1 : 0,
      'slave/recovery_errors': 0,
    };
  }
  return {
    version: spec.agentVersion ?? '1.0.3',
    id: mesos.agent.id,
    flags: { recover: 'reconnect', strict: 'true', recovery_timeout: '15mins' },
    frameworks: frameworks(mesos),
  };
}

/** Of a waiting executor the agent knows nothing: it still says RUNNING. */
function frameworks({ executors }: NonNullable<Execution['state']['mesos']>): readonly object[] {
  return executors
    .filter(({ fate }) => fate === 'running' || fate === 'waiting')
    .map(({ spec, process }) => ({
      id: process.environment.find((line) => line.startsWith('MESOS_FRAMEWORK_ID='))?.slice(19),
      executors: [
        {
          id: spec.id,
          tasks: [{ id: spec.id, name: spec.id, state: 'TASK_RUNNING' }],
          queued_tasks: spec.queuedTask === undefined ? [] : [{ id: spec.queuedTask, name: spec.queuedTask }],
        },
      ],
    }));
}
