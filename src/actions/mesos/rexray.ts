import type { z } from 'zod';
import { lines, sh } from '../../shell/script.ts';
import type { Action, Check, Decision } from '../action.ts';
import { firstFailure } from '../outcomes.ts';
import { parameters } from '../params.ts';
import { parseRexray, type Rexray } from './rexray-facts.ts';
import { askRexray } from './rexray-script.ts';

const params = parameters({});

type Params = z.output<typeof params>;

export const mesosRexray: Action<Params, Rexray> = {
  kind: 'host',
  name: 'mesos_rexray',
  summary: 'Stops and disables RexRay, unless running tasks have its volumes.',
  params,
  effect: () => 'probed',
  probe: async (_, host) => {
    const answer = await host.ask(askRexray());
    if (!answer.ok) return answer;
    const facts = parseRexray(answer.stdout);
    if (facts !== undefined) return { ok: true, facts };
    const message = `the host's answer was cut off (exit code ${answer.code}): ${answer.stderr.trim()}`;
    return { ok: false, message };
  },
  decide,
  verify: (_, _before, { units }) => {
    const left = units.filter(isOn).map(({ name, isActive }) => `${name} is still ${isActive ? 'active' : 'enabled'}`);
    return left.length === 0 ? undefined : left.join('; ');
  },
};

function isOn({ isActive, isEnabled }: Rexray['units'][number]): boolean {
  return isActive || isEnabled;
}

function decide(_: Params, facts: Rexray): Decision {
  const names = facts.units.map(({ name }) => name);
  const on = facts.units.filter(isOn);
  if (on.length === 0) {
    const msg = names.length === 0 ? 'there is no RexRay here' : `${names.join(', ')}: stopped and disabled already`;
    return { kind: 'settled', result: { changed: false, units: names, msg } };
  }
  const checks = checksOf(facts);
  const no = checks.filter(({ passed }) => !passed).map(({ check, why }) => `${check}: ${why}`);
  if (no.length > 0) {
    const msg = `RexRay is left as it is: ${no.join('; ')}`;
    return { kind: 'settled', result: { changed: false, refused: true, units: names, checks, msg } };
  }
  const off = on.map(({ name }) => sh`systemctl stop ${name} && systemctl disable ${name} || exit 1`);
  return {
    kind: 'work',
    commands: [{ kind: 'run', script: lines(off) }],
    conclude: (done) =>
      firstFailure(done, `stopping ${names.join(', ')}`) ?? {
        changed: true,
        units: names,
        checks,
        msg: `${names.join(', ')}: stopped and disabled`,
      },
  };
}

/** Whoever has a volume loses it when RexRay goes; whoever cannot be seen may have one. */
function checksOf({ mounts, holders, containers, unseen }: Rexray): readonly Check[] {
  const none = (check: string, found: readonly string[]): Check => ({
    check,
    passed: found.length === 0,
    why: found.length === 0 ? 'none' : found.join(', '),
  });
  return [
    none('volumes mounted', mounts),
    none('processes that have a volume', holders),
    none('containers that have a volume', containers),
    none('what could not be seen', unseen),
  ];
}
