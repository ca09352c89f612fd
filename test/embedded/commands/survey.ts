import { command, type HostCommands } from './command.ts';

/** What is asked of the machine itself: its clock, whether a name answers. */
export const surveyCommands: HostCommands = ({ state }) => [
  command('timedatectl', () => ({
    stdout: `               Local time: Tue 2026-11-21 12:54:00 UTC\nNTP synchronized: ${state.spec.clockSynchronised ?? 'yes'}\n`,
  })),
  command('ping', () => ({ exitCode: state.spec.pingFails === true ? 1 : 0 })),
];
