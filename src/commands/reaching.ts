import { userInfo } from 'node:os';
import { type CheckedConnections, createConnections } from '../connection/connections.ts';
import { targetsOf } from '../engine/machines.ts';
import { foldHosts } from '../inventory/fold.ts';
import type { Mistakes, Place } from '../source/mistakes.ts';
import type { RunningOptions } from './execute.ts';
import type { Loaded } from './load.ts';
import type { Terminal } from './terminal.ts';

/** How hosts are reached from here, by this user. Opens nothing yet. */
export function connect(
  options: Pick<RunningOptions, 'hostKeyChecking'>,
  terminal: Terminal,
  warn: (message: string) => void,
): CheckedConnections {
  return createConnections({
    ...(options.hostKeyChecking === undefined ? {} : { hostKeyChecking: options.hostKeyChecking }),
    home: terminal.env.HOME ?? userInfo().homedir,
    localUser: userInfo().username,
    env: terminal.env,
    random: Math.random,
    warn,
  });
}

interface Found {
  readonly code: string;
  readonly message: string;
  readonly place?: Place;
  readonly hosts: string[];
}

/** Adds what in ssh_config and in SSH arguments keeps hosts of the plan from being connected to. Connects to nothing. */
export function checkRoutes(
  { plan, secrets, expressions, playbookDir }: Loaded,
  options: Pick<RunningOptions, 'hostKeyChecking'>,
  terminal: Terminal,
  mistakes: Mistakes,
): void {
  const connections = connect(options, terminal, () => {});
  const found = new Map<string, Found>();
  for (const [host, target] of targetsOf(plan, secrets, expressions, playbookDir)) {
    for (const problem of connections.problems(target)) {
      const key = JSON.stringify([problem.message, problem.place?.file, problem.place?.line]);
      const known = found.get(key) ?? { ...problem, hosts: [] };
      known.hosts.push(host);
      found.set(key, known);
    }
  }
  for (const { code, message, place, hosts } of found.values())
    mistakes.add(code, `${message} (for ${foldHosts(hosts)})`, place);
}
