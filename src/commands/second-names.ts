import { foldHosts } from '../inventory/fold.ts';
import type { PlannedPlay } from '../plan/plan.ts';
import type { Mistakes } from '../source/mistakes.ts';
import type { RunningOptions } from './execute.ts';
import type { Loaded } from './load.ts';
import { machinesOf } from './machines.ts';
import { connect } from './reaching.ts';
import type { Terminal } from './terminal.ts';

/**
 * Adds which hosts of a play with a window are one machine, by their addresses and ssh_config: there they would be in each
 * other's way. Of what only DNS knows the machine itself finds out later that a window is open on it.
 */
export function checkSecondNames(
  loaded: Loaded,
  options: Pick<RunningOptions, 'hostKeyChecking'>,
  terminal: Terminal,
  mistakes: Mistakes,
): void {
  const connections = connect(options, terminal, () => {});
  const machines = machinesOf(loaded, connections);
  for (const play of loaded.plan.plays.filter(hasWindow)) {
    for (const [machine, names] of namesIn(play, machines)) {
      if (names.length < 2) continue;
      const message = `${foldHosts(names)} are one machine (${machine}), and "${play.name}" has a window, in which a machine is once: leave out all names but one, such as with -l '!${names[1]}'`;
      mistakes.add('host-twice', message);
    }
  }
}

function hasWindow({ tasks }: PlannedPlay): boolean {
  return tasks.some(({ blocks }) => blocks.some(({ window }) => window !== undefined));
}

/** By machine. */
function namesIn(
  { batches }: PlannedPlay,
  machines: ReadonlyMap<string, string | undefined>,
): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const host of batches.flatMap(({ hosts }) => hosts)) {
    const machine = machines.get(host);
    if (machine !== undefined) names.set(machine, [...(names.get(machine) ?? []), host]);
  }
  return names;
}
