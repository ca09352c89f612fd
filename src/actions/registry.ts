import type { Action, SteeringAction } from './action.ts';
import { assert } from './assert.ts';
import { command, raw, shell } from './command.ts';
import { copy } from './copy.ts';
import { debug } from './debug.ts';
import { fail } from './fail.ts';
import { fetch } from './fetch.ts';
import { file } from './file.ts';
import { LEDGER_ACTIONS } from './ledger/index.ts';
import { MESOS_ACTIONS } from './mesos/index.ts';
import { meta } from './meta.ts';
import { pause } from './pause.ts';
import { ping } from './ping.ts';
import { REFUSED_ACTIONS } from './refused.ts';
import { script } from './script.ts';
import { service, systemd, systemdService } from './service.ts';
import { setFact } from './set-fact.ts';
import { stat } from './stat.ts';
import { waitFor } from './wait-for.ts';

const ALL: readonly (Action | SteeringAction)[] = [
  command,
  shell,
  raw,
  script,
  copy,
  fetch,
  file,
  stat,
  service,
  systemd,
  systemdService,
  waitFor,
  ping,
  assert,
  fail,
  debug,
  setFact,
  pause,
  meta,
  ...LEDGER_ACTIONS,
  ...MESOS_ACTIONS,
];

/** Every action, by its name without a prefix. */
export const ACTIONS: ReadonlyMap<string, Action | SteeringAction> = new Map(
  ALL.map((action) => [action.name, action]),
);

/** The action of a name; the prefixes `ansible.builtin.` and `ansible.legacy.` mean what they mean in Ansible. */
export function findAction(name: string): Action | SteeringAction | undefined {
  return ACTIONS.get(withoutPrefix(name));
}

/** Why a well-known action of Ansible cannot be used, and what to use instead; undefined for any other name. */
export function refusedAction(name: string): string | undefined {
  const short = withoutPrefix(name);
  const instead = Object.hasOwn(REFUSED_ACTIONS, short) ? REFUSED_ACTIONS[short] : undefined;
  return instead === undefined ? undefined : `"${short}" is not supported: ${instead}`;
}

function withoutPrefix(name: string): string {
  return name.replace(/^ansible\.(?:builtin|legacy)\./, '');
}
