import { command, type HostCommands } from './command.ts';

/** What is asked of the machine itself: room on its disks, its clock, whether a name answers. */
export const surveyCommands: HostCommands = ({ state }) => [
  command('df', (args) => {
    const free = state.spec.freeKiB ?? 9 * 1024 * 1024;
    const rows = args.filter((arg) => !arg.startsWith('-')).map(() => `/dev/vda1 20971520 1 ${free} 10% /\n`);
    return { stdout: `Filesystem 1024-blocks Used Available Capacity Mounted on\n${rows.join('')}` };
  }),
  command('timedatectl', () => ({
    stdout: `               Local time: Tue 2026-11-21 12:54:00 UTC\nNTP synchronized: ${state.spec.clockSynchronised ?? 'yes'}\n`,
  })),
  command('ping', () => ({ exitCode: state.spec.pingFails === true ? 1 : 0 })),
];
