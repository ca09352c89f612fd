import * as z from 'zod';
import { lines, type Script, sh } from '../shell/script.ts';
import type { Value } from '../source/value.ts';
import type { Action, Asked, Decision, Probed, Result } from './action.ts';
import { firstFailure } from './outcomes.ts';
import { flag, nonEmpty, parameters } from './params.ts';
import { askUnit, START, type Unit, unitIn } from './unit.ts';

const VERBS = { started: 'start', stopped: 'stop', restarted: 'restart', reloaded: 'reload' } as const;

const shared = {
  state: z
    .enum(['started', 'stopped', 'restarted', 'reloaded'])
    .describe('`restarted` and `reloaded` always act; the others only where it is not so.')
    .optional(),
  enabled: flag('Whether it starts when the host boots.').optional(),
};

const serviceParams = parameters(
  { name: nonEmpty('The service.'), ...shared },
  {
    refused: {
      pattern: 'the service manager is asked whether it runs',
      sleep: 'stop and start it with a `pause` between',
      runlevel: 'only the usual runlevels are used',
      arguments: 'put them in the service’s own configuration',
      args: 'put them in the service’s own configuration',
      use: 'systemd is used where it runs, else init scripts',
    },
  },
).superRefine((given, context) => {
  if (given.state === undefined && given.enabled === undefined)
    context.addIssue('write at least one of `state` and `enabled`');
});

const systemdParams = parameters(
  {
    name: nonEmpty('The unit; without a suffix, a service.').optional(),
    ...shared,
    masked: flag('Whether it cannot be started at all.').optional(),
    daemon_reload: flag('Whether systemd reads its unit files again first.').default(false),
    no_block: flag('Whether it is left to systemd to finish, without waiting.').default(false),
    scope: z
      .enum(['system'], { error: 'only `system` is supported: there is no session of a user to speak to' })
      .describe('Whose units.')
      .default('system'),
  },
  {
    aliases: { service: 'name', unit: 'name', daemon: 'daemon_reload', 'daemon-reload': 'daemon_reload' },
    refused: {
      force: 'links of other units are never overwritten',
      daemon_reexec: 'use `command: systemctl daemon-reexec`',
      user: 'only the system’s units are handled',
    },
  },
).superRefine((given, context) => {
  const asksNothing =
    given.state === undefined && given.enabled === undefined && given.masked === undefined && !given.daemon_reload;
  if (asksNothing) context.addIssue('write at least one of `state`, `enabled`, `masked` and `daemon_reload`');
  if (given.name === undefined && !(given.daemon_reload && given.state === undefined))
    context.addIssue({ code: 'custom', path: ['name'], message: 'is required' });
});

interface Params {
  readonly name?: string | undefined;
  readonly state?: keyof typeof VERBS | undefined;
  readonly enabled?: boolean | undefined;
  readonly masked?: boolean | undefined;
  readonly daemon_reload?: boolean | undefined;
  readonly no_block?: boolean | undefined;
}

export const service: Action<Params, Unit> = managed(
  'service',
  'Starts, stops, restarts or enables a service, by systemd or an init script.',
  serviceParams,
);
export const systemd: Action<Params, Unit> = managed(
  'systemd',
  'Starts, stops, restarts, enables or masks a systemd unit.',
  systemdParams,
);
export const systemdService: Action<Params, Unit> = { ...systemd, name: 'systemd_service' };

function managed(name: string, summary: string, params: z.ZodType<Params>): Action<Params, Unit> {
  return {
    kind: 'host',
    name,
    summary,
    params,
    effect: ({ state }) => (state === 'restarted' || state === 'reloaded' ? 'opaque' : 'probed'),
    probe: (given, host) => probe(given, host, name === 'service'),
    decide,
    verify: (given, _before, after) => notTaken(given, after),
  };
}

async function probe(given: Params, host: Asked, init: boolean): Promise<Probed<Unit>> {
  const answer = await host.ask(askUnit(given.name ?? 'basic.target', init));
  if (!answer.ok) return answer;
  const unit = unitIn(answer.stdout);
  if (unit !== undefined) return { ok: true, facts: unit };
  return { ok: false, message: `systemd does not run on this host${init ? '' : '; use `service` for init scripts'}` };
}

function decide(given: Params, unit: Unit): Decision {
  const { name } = given;
  if (name !== undefined && !unit.isKnown && !given.daemon_reload)
    return { kind: 'settled', result: unknown(name, unit) };
  const unmasks = given.masked === false;
  if (unit.isMasked && !unmasks && (given.state === 'started' || given.state === 'restarted')) {
    return {
      kind: 'settled',
      result: {
        changed: false,
        failed: true,
        name: name ?? null,
        msg: `${name} is masked: it cannot be started; say masked: no to unmask it`,
        status: unit.status,
      },
    };
  }
  const scripts = unit.manager === 'systemd' ? systemctl(given, unit) : initScripts(given, unit);
  const result: Result = { changed: false, ...registered(given, unit) };
  if (scripts.length === 0) return { kind: 'settled', result };
  // Reading the unit files again changes nothing that Ansible counts.
  const changed = scripts.length > (given.daemon_reload ? 1 : 0);
  return {
    kind: 'work',
    commands: [
      {
        kind: 'run',
        script: lines(scripts.map((script, index) => (index === 0 ? script : sh`[ $? -eq 0 ] || exit 1; ${script}`))),
      },
    ],
    foreseen: { ...result, changed },
    conclude: (done) =>
      firstFailure(done, `Unable to ${given.state === undefined ? 'change' : VERBS[given.state]} service ${name}`) ?? {
        ...result,
        changed,
      },
  };
}

function unknown(name: string, unit: Unit): Result {
  const msg =
    unit.manager === 'systemd'
      ? `Could not find the requested service ${name}: host`
      : `there is no init script /etc/init.d/${name} on this host, and no systemd`;
  return { changed: false, failed: true, name, msg };
}

function registered({ name, state, enabled }: Params, unit: Unit): Readonly<Record<string, Value>> {
  return {
    name: name ?? null,
    ...(state === undefined ? {} : { state: state === 'stopped' ? 'stopped' : 'started' }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(unit.manager === 'systemd' ? { status: unit.status } : {}),
  };
}

/** In Ansible's order: reload the unit files, mask, enable, then the state. */
function systemctl(given: Params, unit: Unit): readonly Script[] {
  const { name = '' } = given;
  const verb = verbFor(given, unit);
  return [
    ...(given.daemon_reload ? [sh`systemctl daemon-reload`] : []),
    ...(given.masked === undefined || given.masked === unit.isMasked
      ? []
      : [sh`systemctl ${given.masked ? 'mask' : 'unmask'} ${name}`]),
    ...(given.enabled === undefined || given.enabled === unit.isEnabled
      ? []
      : [sh`systemctl ${given.enabled ? 'enable' : 'disable'} ${name}`]),
    ...(verb === undefined ? [] : [sh`systemctl ${given.no_block ? ['--no-block', verb] : [verb]} ${name}`]),
  ];
}

function verbFor({ state }: Params, { isActive }: Unit): string | undefined {
  if (state === undefined || (state === 'started' && isActive) || (state === 'stopped' && !isActive)) return undefined;
  // What does not run cannot be reloaded; Ansible starts it.
  return state === 'reloaded' && !isActive ? 'start' : VERBS[state];
}

function initScripts(given: Params, unit: Unit): readonly Script[] {
  const { name = '', enabled } = given;
  const verb = verbFor(given, unit);
  const [on, off] = [sh`chkconfig ${name} on`, sh`chkconfig ${name} off`];
  const enabling = enabled === true ? sh`update-rc.d ${name} defaults` : sh`update-rc.d ${name} disable`;
  return [
    ...(enabled === undefined || enabled === unit.isEnabled
      ? []
      : [sh`if command -v update-rc.d >/dev/null 2>&1; then ${enabling}; else ${enabled ? on : off}; fi`]),
    ...(verb === undefined ? [] : [sh`${START} ${name} ${verb}`]),
  ];
}

function notTaken(given: Params, after: Unit): string | undefined {
  const { name, state } = given;
  const now =
    after.manager === 'systemd'
      ? ` (${after.status.ActiveState}/${after.status.SubState}, result ${after.status.Result})`
      : '';
  const shallRun = state !== undefined && state !== 'stopped';
  if (!given.no_block && shallRun && !after.isActive && !isOneshot(after))
    return `${name} does not run after ${VERBS[state]}${now}`;
  if (!given.no_block && state === 'stopped' && after.isActive) return `${name} still runs after stop${now}`;
  if (given.enabled !== undefined && after.isEnabled !== undefined && after.isEnabled !== given.enabled)
    return `${name} is ${after.isEnabled ? 'still' : 'not'} enabled`;
  return given.masked !== undefined && after.isMasked !== given.masked
    ? `${name} is ${after.isMasked ? 'still' : 'not'} masked`
    : undefined;
}

/** A oneshot unit that ended well is inactive again. */
function isOneshot({ status }: Unit): boolean {
  return status.Type === 'oneshot' && status.Result === 'success';
}
