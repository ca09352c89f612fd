import type { z } from 'zod';
import type { Script } from '../../shell/script.ts';
import { lines, sh } from '../../shell/script.ts';
import type { Value, ValueMap } from '../../source/value.ts';
import type { Action, Decision, HostCommand, Result } from '../action.ts';
import { firstFailure } from '../outcomes.ts';
import { nonEmpty, parameters, path } from '../params.ts';
import { capture, type Found, port } from './ask.ts';
import type { Executor } from './facts.ts';

const params = parameters({
  port,
  dest: path(
    'A folder on the bastion for what people read: HOST.netstat.LABEL.txt and HOST.docker.LABEL.txt.',
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
    'Finds the agent and every executor of a host, with their links, and keeps what docker ps and netstat print.',
  params,
  effect: (given) => (given.dest === undefined ? 'reads' : 'probed'),
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

function decide({ label }: Params, facts: Facts): Decision {
  const result = registered(facts);
  if (facts.dest === undefined) return { kind: 'settled', result };
  return {
    kind: 'work',
    commands: keep(facts.dest, label),
    conclude: (done) => firstFailure(done, 'keeping what was seen') ?? result,
  };
}

/** root's own folder, in memory: nobody can lay a link there, and a reboot leaves nothing behind. */
const FOLDER = '/run/rollgate';

function keep(dest: string, label: string): readonly HostCommand[] {
  const kept: readonly (readonly [string, Script])[] = [
    ['docker', sh`docker ps`],
    ['netstat', sh`{ netstat -nap 2>/dev/null || ss -tnap; }`],
  ];
  const write = kept.map(([name, script]) => sh`${script} > ${`${FOLDER}/${name}.txt`} 2>&1`);
  return [
    {
      kind: 'run',
      script: lines([sh`umask 022; mkdir -p ${FOLDER} || exit 1`, sh`PATH=$PATH:/usr/sbin:/sbin`, ...write, sh`:`]),
    },
    ...kept.map(([name]) => ({
      kind: 'download' as const,
      from: `${FOLDER}/${name}.txt`,
      to: `${dest}.${name}.${label}.txt`,
    })),
    { kind: 'run', script: sh`rm -f ${kept.map(([name]) => `${FOLDER}/${name}.txt`)}` },
  ];
}

/** What the task registers. */
export function registered({ agent, executors, text }: Found): Result {
  return {
    changed: false,
    agent: { ...agent, version: text.version },
    executors: executors.map(asValue),
    counts: { executors: executors.length, processes_by_name: Number(text.count) || 0 },
    docker: text.docker,
    netstat: text.netstat,
    msg: `${executors.length} executors: ${executors.map(({ id }) => `"${id}"`).join(', ')}`,
  };
}

export function asValue(executor: Executor): ValueMap {
  const { recoveryTimeout, links, ...rest } = executor;
  const linked: readonly Value[] = links.map(({ fd, inode, localPort }) => ({ fd, inode, local_port: localPort }));
  return { ...rest, links: linked, ...(recoveryTimeout === undefined ? {} : { recovery_timeout: recoveryTimeout }) };
}
