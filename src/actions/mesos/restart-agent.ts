import * as z from 'zod';
import { type Script, sh } from '../../shell/script.ts';
import type { Action, Decision } from '../action.ts';
import { ended } from '../outcomes.ts';
import { integer, parameters } from '../params.ts';
import { captureAgent, type Found, port } from './ask.ts';

const params = parameters({
  instance: z
    .string({ error: 'must be text' })
    .min(1, { error: 'must not be empty: mesos_capture registers it as agent.instance' })
    .describe(
      'The start of the agent that mesos_capture saw (`agent.instance`). An agent that has started since is left alone.',
    ),
  port,
  wait: integer('Seconds to wait for the agent to be active and to listen.', 1).default(60),
});

type Params = z.output<typeof params>;

export const mesosRestartAgent: Action<Params, Found> = {
  kind: 'host',
  name: 'mesos_restart_agent',
  summary: 'Restarts the agent, once: a second restart while it takes its executors back would kill them.',
  params,
  effect: () => 'probed',
  probe: (given, host) => captureAgent(host, given.port),
  decide,
  verify: (given, _before, { agent }) => {
    if (agent.instance === given.instance) return `${agent.unit} is still the process that it was (pid ${agent.pid})`;
    return isUp({ agent })
      ? undefined
      : `${agent.unit} is ${agent.state} and ${agent.listening ? 'listens' : `does not listen on port ${given.port}`}`;
  },
};

function decide(given: Params, { agent }: Found): Decision {
  const restarted = agent.instance !== '' && agent.instance !== given.instance;
  if (restarted && isUp({ agent })) {
    return {
      kind: 'settled',
      result: { changed: false, unit: agent.unit, msg: `${agent.unit} has been restarted already (pid ${agent.pid})` },
    };
  }
  const steps = restarted ? [] : [sh`systemctl restart ${agent.unit} || exit 1`];
  return {
    kind: 'work',
    commands: [{ kind: 'run', script: sh`${joined(steps)}${waitFor(agent.unit, given)}` }],
    conclude: (done) => {
      const end = ended(done[0]);
      if (end.ok) return { changed: true, unit: agent.unit };
      const said = end.output?.stderr || end.msg;
      return {
        changed: true,
        failed: true,
        unit: agent.unit,
        msg: `${agent.unit} did not come back: ${said}. Its executors wait for it: look at journalctl -u ${agent.unit} on the host now`,
      };
    },
  };
}

function isUp({ agent }: Pick<Found, 'agent'>): boolean {
  return agent.state === 'active' && agent.listening;
}

function joined(scripts: readonly Script[]): Script {
  return { parts: scripts.flatMap(({ parts }) => [...parts, { raw: '\n' }]) };
}

function waitFor(unit: string, { wait, port: agentPort }: Params): Script {
  const hex = agentPort.toString(16).toUpperCase().padStart(4, '0');
  return sh`n=0
until systemctl is-active ${unit} >/dev/null 2>&1 && cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=${hex} '{ split($2, near, ":"); if ($4 == "0A" && near[2] == port) found = 1 } END { exit !found }'; do
  n=$((n + 1))
  [ "$n" -le ${wait} ] || { echo "not active and listening after ${wait} s" >&2; exit 1; }
  sleep 1
done`;
}
