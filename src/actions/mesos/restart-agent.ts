import * as z from 'zod';
import type { Script } from '../../shell/script.ts';
import type { Action, Asked, Decision, Done, Probed, Result } from '../action.ts';
import { ended } from '../outcomes.ts';
import { integer, parameters } from '../params.ts';
import { captureAgent, type Found, port } from './ask.ts';
import { FOLDER, NOTHING_OPEN, START_HOME, startScript, WATCH } from './detached.ts';
import type { Agent } from './facts.ts';
import { readResults } from './procedure-results.ts';
import { procedureScript } from './procedure-script.ts';

const instance = z
  .string({ error: 'must be text' })
  .min(1, { error: 'must not be empty: mesos_capture registers it as agent.instance' })
  .describe(
    'The start of the agent that mesos_capture saw (`agent.instance`). An agent that has started since is left alone.',
  );

export const maxDown = integer('Seconds that the agent may be down: the master removes it after about 60.', 1).default(
  45,
);

const home = parameters({ instance, port });
const restart = parameters({ instance, port, max_down: maxDown });

interface Facts extends Found {
  readonly run: string;
}

async function probe({ port: agentPort }: { readonly port: number }, host: Asked): Promise<Probed<Facts>> {
  const found = await captureAgent(host, agentPort);
  return found.ok ? { ok: true, facts: { ...found.facts, run: `${host.run}, as ${host.host}` } } : found;
}

/** What must follow mesos_executor_shutdown whatever became of it: the second half, where its script died half way. */
export const mesosBringHome: Action<z.output<typeof home>, Facts> = {
  kind: 'host',
  name: 'mesos_bring_home',
  summary: 'Restarts the agent where links were shut and it has not been restarted since; anywhere else, does nothing.',
  params: home,
  effect: () => 'probed',
  followsUp: true,
  probe,
  decide: (given, facts) => decide(given.instance, facts, START_HOME),
};

export const mesosRestartAgent: Action<z.output<typeof restart>, Facts> = {
  kind: 'host',
  name: 'mesos_restart_agent',
  summary: 'Restarts the agent, once: a second restart while it takes its executors back would kill them.',
  params: restart,
  effect: () => 'probed',
  followsUp: true,
  probe,
  decide: (given, facts) =>
    decide(given.instance, facts, startScript(restartScript(given, facts), facts.run, given.instance)),
};

/** The procedure without its first half: nothing is shut, and the restart is as careful. */
function restartScript(given: z.output<typeof restart>, { agent, run }: Facts): Script {
  return procedureScript(
    {
      run,
      unit: agent.unit,
      instance: given.instance,
      port: given.port,
      image: '',
      privileged: false,
      lengthSeconds: 0,
      reserveSeconds: 0,
      maxDownSeconds: given.max_down,
      targets: [],
      isOpen: true,
    },
    FOLDER,
  );
}

function decide(before: string, { agent }: Facts, start: Script): Decision {
  if (agent.instance !== '' && agent.instance !== before && isUp(agent))
    return {
      kind: 'settled',
      result: { changed: false, unit: agent.unit, msg: `${agent.unit} has been restarted already (pid ${agent.pid})` },
    };
  return {
    kind: 'work',
    commands: [
      { kind: 'run', script: start, again: true },
      { kind: 'run', script: WATCH, again: true },
    ],
    foreseen: {
      changed: true,
      foreseen: true,
      msg: `would restart ${agent.unit} (pid ${agent.pid}), unless it has been restarted by then`,
    },
    conclude: (done) => conclude(agent, done),
  };
}

function isUp({ state, listening }: Agent): boolean {
  return state === 'active' && listening;
}

function conclude({ unit }: Agent, done: readonly Done[]): Result {
  const outputs = done.map((each) => ended(each).output?.stdout ?? '');
  const { refused, restart: came, downSeconds, isLate } = readResults(outputs.join('\n'));
  if (refused === NOTHING_OPEN) return { changed: false, unit, msg: `not restarted: ${refused}` };
  if (refused !== undefined) return { changed: false, failed: true, unit, msg: `not restarted: ${refused}` };
  const result = {
    changed: came === 'done',
    unit,
    ...(downSeconds === undefined ? {} : { down_seconds: downSeconds }),
  };
  if (came === 'done') return { ...result, msg: `down for ${downSeconds} s${isLate ? ', longer than it may be' : ''}` };
  if (came === 'before') return { ...result, msg: `${unit} has been restarted already` };
  return {
    ...result,
    failed: true,
    msg: `${unit} did not come back: its executors wait for it, and give up when their recovery timeout is over. Look at journalctl -u ${unit} on the host now`,
  };
}
