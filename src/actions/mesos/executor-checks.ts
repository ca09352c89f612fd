import { durationMs } from '../../source/duration.ts';
import type { Found } from './ask.ts';
import { type Agent, type Executor, named } from './facts.ts';
import { fail, type PreflightCheck, pass, unknown } from './preflight-check.ts';

/** What a shutdown would do to the executors. */
export function executorChecks({ agent, executors }: Found): readonly PreflightCheck[] {
  const targets = executors.filter(isTarget);
  return [cgroups(agent, executors), libraries(targets), flags(executors), timeouts(targets), ...waiting(executors)];
}

/** Whose link is shut. */
export function isTarget({ http, checkpoint, standing }: Executor): boolean {
  return checkpoint && !http && standing === 'linked';
}

/** Who dies at any restart of the agent, with what runs in it. */
export function willDie(executors: readonly Executor[]): readonly Executor[] {
  return executors.filter(({ checkpoint, standing }) => !checkpoint && standing !== 'unlinked');
}

const KILLS_GROUP = ['control-group', 'mixed'];

function cgroups(agent: Agent, executors: readonly Executor[]): PreflightCheck {
  const killMode = agent.service?.killMode ?? '';
  const unit = agent.service?.controlGroup || systemdGroup(agent.cgroups ?? []);
  if (killMode === '' || unit === '') return unknown('cgroups', 'KillMode or cgroup of the agent cannot be read');
  const inside = executors.filter(({ cgroups: own = [] }) => isWithin(systemdGroup(own), unit));
  const why = `${inside.length} of ${executors.length} executors in ${unit}, KillMode=${killMode}`;
  return inside.length === 0 || !KILLS_GROUP.includes(killMode)
    ? pass('cgroups', why)
    : fail('cgroups', `${why}: ${list(inside)}`, 'systemd would kill them with the agent; set KillMode=process first');
}

/** The hierarchy by which systemd kills: its own, or the only one there is. */
function systemdGroup(cgroups: readonly string[]): string {
  const line =
    cgroups.find((each) => /^\d+:name=systemd:/.test(each)) ?? cgroups.find((each) => each.startsWith('0::'));
  return line?.slice(line.indexOf(':', line.indexOf(':') + 1) + 1) ?? '';
}

function isWithin(group: string, unit: string): boolean {
  return group === unit || group.startsWith(`${unit}/`);
}

/** gdb reads an address from the file on disk: where another one is mapped, the call would crash the executor. */
function libraries(targets: readonly Executor[]): PreflightCheck {
  const replaced = targets.filter(({ libc }) => libc?.state === 'replaced');
  if (replaced.length > 0)
    return fail(
      'C library',
      `not the one on disk in ${list(replaced)}`,
      'a call in them would crash them; move their tasks, or leave this host alone',
    );
  const unseen = targets.filter(({ libc }) => libc === undefined || libc.state === 'unknown');
  return unseen.length > 0
    ? unknown('C library', `cannot be compared in ${list(unseen)}`)
    : pass('C library', `the one on disk in all ${targets.length} executors`);
}

function flags(executors: readonly Executor[]): PreflightCheck {
  const silent = executors.filter(
    ({ checkpointKnown, standing }) => checkpointKnown === false && standing !== 'unlinked',
  );
  return silent.length === 0
    ? pass('checkpoint flags', `read in all ${executors.length} executors`)
    : fail(
        'checkpoint flags',
        `not in the environment of ${list(silent)}`,
        'nobody can tell whether they outlive the agent',
      );
}

function timeouts(targets: readonly Executor[]): PreflightCheck {
  const odd = targets.filter(
    ({ recoveryTimeout }) => recoveryTimeout !== undefined && durationMs(recoveryTimeout) === undefined,
  );
  if (odd.length > 0)
    return fail(
      'recovery timeouts',
      odd.map((each) => `${each.recoveryTimeout} in ${named(each)}`).join(', '),
      'not a duration of Mesos: nobody can tell how long they wait',
    );
  const silent = targets.filter(({ recoveryTimeout }) => recoveryTimeout === undefined);
  const known = targets.flatMap(({ recoveryTimeoutSeconds }) => recoveryTimeoutSeconds ?? []);
  const shortest = known.length === 0 ? '' : `, the shortest ${Math.min(...known)} s`;
  const unsaid = silent.length === 0 ? '' : `; not said in ${list(silent)}, which wait 15 minutes as Mesos has it`;
  return pass('recovery timeouts', `${known.length} read${shortest}${unsaid}`);
}

function waiting(executors: readonly Executor[]): readonly PreflightCheck[] {
  const waits = executors.filter(({ http, checkpoint, standing }) => !http && checkpoint && standing === 'waiting');
  if (waits.length === 0) return [];
  return [pass('waiting already', `${list(waits)}: the agent is restarted at once, and nothing more is shut here`)];
}

function list(executors: readonly Executor[]): string {
  return executors.map(named).join(', ');
}
