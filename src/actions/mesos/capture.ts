import type { z } from 'zod';
import type { ValueMap } from '../../source/value.ts';
import type { Action, Decision, Result } from '../action.ts';
import { firstFailure } from '../outcomes.ts';
import { nonEmpty, parameters, path } from '../params.ts';
import { artifacts, keep } from './artifacts.ts';
import { capture, type Found, port } from './ask.ts';
import type { Executor } from './facts.ts';
import { leastPatienceSeconds } from './patience.ts';
import { registeredForm } from './registered.ts';

const params = parameters({
  port,
  dest: path(
    'A folder on the bastion for what people read: HOST.netstat.LABEL.txt (the executors’ lines), HOST.netstat-full.LABEL.txt, HOST.docker.LABEL.txt, HOST.executors.LABEL.json.',
  ).optional(),
  label: nonEmpty('The word in the names of those files.').default('before'),
});

type Params = z.output<typeof params>;

interface Facts extends Found {
  /** On the bastion, without `.netstat.before.txt`. */
  readonly dest?: string;
}

export const mesosCapture: Action<Params, Facts> = {
  kind: 'host',
  name: 'mesos_capture',
  summary:
    'Finds the agent and every executor of a host, with their links and tasks, and keeps what docker ps and netstat print.',
  params,
  effect: () => 'reads',
  probe: async (given, host) => {
    const found = await capture(host, given.port);
    if (!found.ok || given.dest === undefined) return found;
    return {
      ok: true,
      facts: { ...found.facts, dest: host.localPath(`${given.dest}/${host.host.replaceAll('/', '_')}`) },
    };
  },
  decide,
};

function decide(given: Params, facts: Facts): Decision {
  const result = registered(facts);
  if (facts.dest === undefined) return { kind: 'settled', result };
  return {
    kind: 'work',
    commands: keep(artifacts(facts, registeredForm(facts.executors), given.port), facts.dest, given.label),
    foreseen: result,
    conclude: (done) => firstFailure(done, 'keeping what was seen') ?? result,
  };
}

/** What the task registers. */
export function registered({ agent, executors, text, clock, docker, api }: Found): Result {
  const { told, executors: _, ...said } = api ?? { told: 'not asked' };
  return {
    changed: false,
    agent: { ...asMap(agent), version: text.version },
    executors: executors.map(asValue),
    patience_seconds: leastPatienceSeconds(executors),
    counts: { executors: executors.length, processes_by_name: Number(text.count) || 0 },
    clock: registeredForm(clock ?? {}),
    docker_answers: docker?.answers ?? false,
    http: { told, ...asMap(said) },
    docker: text.docker,
    netstat: text.netstat,
    msg: `${executors.length} executors: ${executors.map(({ id }) => `"${id}"`).join(', ')}`,
  };
}

export function asValue(executor: Executor): ValueMap {
  return asMap(executor);
}

function asMap(fact: object): ValueMap {
  return registeredForm(fact) as ValueMap;
}
