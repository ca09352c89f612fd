import type { Found } from './ask.ts';
import { TICKS } from './executors.ts';
import type { ChangedSetting } from './facts.ts';
import { fail, type Given, type PreflightCheck, pass, unknown } from './preflight-check.ts';

/** The agent runs as its masters know it, and would start again as it is. */
export function agentChecks(found: Found, given: Given): readonly PreflightCheck[] {
  return [
    active(found),
    listening(found, given),
    registered(found),
    recover(found),
    latest(found),
    settings(found),
    daemonReload(found),
    noLaunches(found),
    ...conditions(found),
  ];
}

function active({ agent }: Found): PreflightCheck {
  const why = `${agent.unit} is ${agent.state}`;
  return agent.state === 'active' ? pass('agent active', why) : fail('agent active', why, 'bring the agent up first');
}

function listening({ agent }: Found, { port }: Given): PreflightCheck {
  return agent.listening
    ? pass('agent listens', `on port ${port}`)
    : fail(
        'agent listens',
        `nothing listens on port ${port}`,
        `look at journalctl -u ${agent.unit}; is \`port\` right?`,
      );
}

/** An agent that still takes its executors back must not be restarted: that kills those that wait. */
const SETTLED_S = 60;

function registered({ agent, api, clock }: Found): PreflightCheck {
  if (api?.registered === undefined) {
    const why = `not read over HTTP: ${api?.told ?? 'not asked'}`;
    const ageSeconds = clock === undefined ? SETTLED_S : Math.round(clock.uptimeSeconds - agent.start / TICKS);
    return ageSeconds >= SETTLED_S || agent.start === 0
      ? unknown('registered', why)
      : fail(
          'registered',
          `${why}, and it was started ${ageSeconds} s ago`,
          'it may still be recovering; wait a minute',
        );
  }
  return api.registered
    ? pass('registered', 'slave/registered = 1')
    : fail('registered', 'slave/registered = 0', `no master knows this agent: look at journalctl -u ${agent.unit}`);
}

function recover({ agent }: Found): PreflightCheck {
  const given = agent.settings?.recover;
  if (given === undefined) return pass('recover', 'reconnect, as Mesos has it where nothing is said');
  return given === 'reconnect'
    ? pass('recover', 'reconnect')
    : fail('recover', `--recover=${given}`, 'such an agent ends its executors when it starts; set it to reconnect');
}

function latest({ agent }: Found): PreflightCheck {
  return agent.latest === true
    ? pass('meta/slaves/latest', agent.id ?? 'there')
    : fail('meta/slaves/latest', 'not there', 'without it the agent takes nobody back; do not restart it');
}

function settings({ agent }: Found): PreflightCheck {
  const changed = agent.changedSettings;
  if (changed === undefined) return unknown('settings on disk', 'the environment of the agent cannot be read');
  const where = agent.script === undefined ? '' : `, as far as the unit sets them: ${agent.script} may set more`;
  if (changed.length === 0) return pass('settings on disk', `as at the start of the agent${where}`);
  return fail(
    'settings on disk',
    changed.map(told).join(', '),
    'the next start would find another agent than the last, and may refuse to recover; put them back',
  );
}

function told({ name, running = 'nothing', onDisk = 'nothing' }: ChangedSetting): string {
  return `${name} is ${running} in the agent and ${onDisk} on disk`;
}

function daemonReload({ agent }: Found): PreflightCheck {
  const needed = agent.service?.needDaemonReload;
  if (needed !== 'yes' && needed !== 'no') return unknown('unit files', 'systemd does not say whether they changed');
  return needed === 'no'
    ? pass('unit files', 'as systemd read them')
    : fail(
        'unit files',
        `those of ${agent.unit} were changed since systemd read them`,
        'see what changed, systemctl daemon-reload',
      );
}

/** An executor that is cut off from its agent is given no new task. */
function noLaunches({ api, executors }: Found): PreflightCheck {
  if (api?.executors === undefined) return unknown('no launches', `not read over HTTP: ${api?.told ?? 'not asked'}`);
  const all = [...api.executors, ...executors];
  const queued = new Set(all.flatMap((each) => (each.queued ?? []).map(({ id }) => `"${id}" is queued`)));
  const staging = all.flatMap(({ tasks = [] }) => tasks.filter(({ state }) => state === 'TASK_STAGING'));
  const found = [...queued, ...new Set(staging.map(({ id }) => `"${id}" is staging`))];
  return found.length === 0
    ? pass('no launches', 'no task is queued or staging')
    : fail('no launches', found.join(', '), 'wait until they run; the run asks again when it is resumed');
}

/** A start that fails is downtime. */
function conditions({ surroundings }: Found): readonly PreflightCheck[] {
  return (surroundings?.pings ?? []).map(({ command, code }) =>
    code === 0
      ? pass('ExecStartPre', `${command} succeeds`)
      : fail('ExecStartPre', `${command} ends with ${code}`, 'the agent would not start again; see to DNS and network'),
  );
}
