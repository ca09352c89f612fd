import type { SimulatedHost } from '../simulated/host.ts';
import { command, type HostCommands } from './command.ts';

/** What is asked of the machine itself: its clock, whether a name answers. */
export const surveyCommands: HostCommands = ({ state }) => [
  command('timedatectl', () => ({
    stdout: `               Local time: Tue 2026-11-21 12:54:00 UTC\nNTP synchronized: ${state.spec.clockSynchronised ?? 'yes'}\n`,
  })),
  command('journalctl', () => ({ stdout: journal(state) })),
  command('ping', () => ({ exitCode: state.spec.pingFails === true ? 1 : 0 })),
];

/** Of the agent's process, since its start. */
function journal({ mesos }: SimulatedHost): string {
  if (mesos === undefined || mesos.agent.starts === 0) return '';
  const begun = 'I1121 02:31:08.390000 28316 slave.cpp:4810] Recovering executors\n';
  return mesos.agent.recoveringUntil === undefined
    ? `${begun}I1121 02:31:10.396555 28316 slave.cpp:4810] Finished recovery\n`
    : begun;
}
