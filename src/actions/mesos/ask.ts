import type { Script } from '../../shell/script.ts';
import type { Asked, Probed } from '../action.ts';
import { integer } from '../params.ts';
import { type Captured, parseCapture } from './capture-parse.ts';
import { askAgent, askEverything } from './capture-script.ts';
import type { Agent } from './facts.ts';

/** The port that agents listen on, here and in every DC/OS. */
export const port = integer('The port that the agent listens on.', 1).default(5051);

/** What a host has: its agent, and what runs under it. */
export interface Found extends Captured {
  readonly agent: Agent;
  /** What steps before this one would have brought is not there. */
  readonly isDryRun?: true;
}

/** Everything, and what `more` asks beside it. */
export function capture(host: Asked, agentPort: number, more: readonly Script[] = []): Promise<Probed<Found>> {
  return ask(host, askEverything(agentPort, more), agentPort);
}

export function captureAgent(host: Asked, agentPort: number): Promise<Probed<Found>> {
  return ask(host, askAgent(agentPort), agentPort);
}

async function ask(host: Asked, script: Script, agentPort: number): Promise<Probed<Found>> {
  const answer = await host.ask(script);
  if (!answer.ok) return answer;
  const found = parseCapture(answer.stdout, agentPort);
  if (found === undefined)
    return { ok: false, message: `the host's answer was cut off (exit code ${answer.code}): ${answer.stderr.trim()}` };
  const { agent } = found;
  if (agent === undefined) {
    return {
      ok: false,
      message:
        'systemd on this host knows neither dcos-mesos-slave.service nor dcos-mesos-slave-public.service; is it an agent?',
    };
  }
  return { ok: true, facts: { ...found, agent } };
}
