import { type Script, sh, shellText } from '../../shell/script.ts';
import { isList, isMap, type Value, type ValueMap } from '../../source/value.ts';
import type { Task } from './facts.ts';
import { AGENT_GET } from './host-functions.ts';
import { bytesOf, printable, type Section } from './sections.ts';
import { hexPort } from './tables.ts';

/** What the agent says over HTTP. It adds to what the host shows, and is never needed. */
export interface AgentApi {
  /** `answered`, or in words why there is nothing: `unauthorized`, `no client`, `no answer`, `HTTP 500`, that it speaks TLS. */
  readonly told: string;
  readonly id?: string;
  readonly version?: string;
  readonly flags?: Readonly<Record<string, string>>;
  readonly executors?: readonly ToldExecutor[];
  /** Of /metrics/snapshot, which may answer where /state does not. */
  readonly registered?: boolean;
  readonly recoveryErrors?: number;
}

export interface ToldExecutor {
  readonly framework: string;
  readonly id: string;
  readonly tasks: readonly Task[];
  readonly queued: readonly Task[];
}

const BODY_BYTES = 10 * 1024 * 1024;

/**
 * The agent's own account, at the address that it listens on. Both answers together may take five seconds; where the
 * first gets none, the second is not tried.
 */
export function askAgentHttp(port: number): Script {
  return sh`${shellText(AGENT_GET)}
echo '= http'
address=$(agent_address ${hexPort(port)})
page=http://$address:${port}
case $address in ?*)
  metrics=$(agent_get "$page/metrics/snapshot" 2)
  echo '- metrics'; printf '%s' "$metrics" | hex
  echo '- state'
  case $metrics in
    *000|*none) printf '%s' "$metrics" ;;
    *) agent_get "$page/state" 3 | { head -c ${BODY_BYTES}; cat >/dev/null; } ;;
  esac | hex ;;
esac`;
}

export function agentApiIn(sections: readonly Section[], speaksTls: boolean): AgentApi | undefined {
  const section = sections.find(({ kind }) => kind === 'http');
  if (section === undefined) return undefined;
  const metrics = answerIn(bytesOf(section, 'metrics'));
  const state = answerIn(bytesOf(section, 'state'));
  const told = speaksTls && state.told === 'no answer' ? 'the agent speaks HTTPS, which is not read' : state.told;
  return { told, ...readMetrics(metrics.body), ...readState(state.body) };
}

interface HttpAnswer {
  readonly told: string;
  readonly body?: ValueMap;
}

/** The body, and the status on a line of its own after it. */
function answerIn(bytes: Uint8Array | undefined): HttpAnswer {
  const text = Buffer.from(bytes ?? []).toString('latin1');
  if (text.length >= BODY_BYTES) return { told: 'an answer of more than 10 MB' };
  const end = text.lastIndexOf('\n');
  const status = text.slice(end + 1);
  switch (status) {
    case '200': {
      const body = parsed(text.slice(0, end));
      return body === undefined ? { told: 'an answer that is no JSON' } : { told: 'answered', body };
    }
    case '401':
    case '403':
      return { told: 'unauthorized' };
    case 'none':
      return { told: 'no client' };
    default:
      return { told: /^[1-9]\d\d$/.test(status) ? `HTTP ${status}` : 'no answer' };
  }
}

/** A byte became a character: so names that are no UTF-8 come out as they do elsewhere. */
function parsed(text: string): ValueMap | undefined {
  try {
    const value: Value = JSON.parse(text);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readMetrics(body: ValueMap | undefined): Pick<AgentApi, 'registered' | 'recoveryErrors'> {
  const registered = body?.['slave/registered'];
  const errors = body?.['slave/recovery_errors'];
  return {
    ...(typeof registered === 'number' ? { registered: registered === 1 } : {}),
    ...(typeof errors === 'number' ? { recoveryErrors: errors } : {}),
  };
}

function readState(body: ValueMap | undefined): Pick<AgentApi, 'id' | 'version' | 'flags' | 'executors'> {
  if (body === undefined) return {};
  const flags = isMap(body.flags) ? Object.entries(body.flags) : [];
  return {
    id: text(body.id),
    version: text(body.version),
    flags: Object.fromEntries(flags.map(([name, value]) => [name, text(value)])),
    executors: maps(body.frameworks).flatMap((framework) =>
      maps(framework.executors).map((executor) => toldExecutor(text(framework.id), executor)),
    ),
  };
}

function toldExecutor(framework: string, executor: ValueMap): ToldExecutor {
  return {
    framework,
    id: text(executor.id),
    tasks: maps(executor.tasks).map(task),
    queued: maps(executor.queued_tasks).map(task),
  };
}

function task({ id, name, state }: ValueMap): Task {
  return { id: text(id), name: text(name), state: text(state) };
}

function maps(value: Value | undefined): readonly ValueMap[] {
  return isList(value) ? value.filter(isMap) : [];
}

function text(value: Value | undefined): string {
  return typeof value === 'string' ? printable(Buffer.from(value, 'latin1')) : '';
}
