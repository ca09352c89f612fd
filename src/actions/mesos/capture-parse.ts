import { agentIn, namespacesIn, speaksTls, unitIn } from './agent.ts';
import { type AgentApi, agentApiIn } from './agent-http.ts';
import { type Recovery, recoveryIn } from './agent-return.ts';
import { clockIn, type HostClock } from './clock.ts';
import { containerOf, type Docker, dockerIn } from './containers.ts';
import { executorsAmong } from './executors.ts';
import type { Agent, Executor } from './facts.ts';
import { belongingsIn } from './libraries.ts';
import { idleLimitIn, linksIn } from './links.ts';
import { launchedIn } from './processes.ts';
import { bytesOf, printable, readSections, type Section } from './sections.ts';
import { type Surroundings, surroundingsIn } from './surroundings.ts';
import { tablesIn } from './tables.ts';

/** What a host said about its agent and its executors. */
export interface Captured {
  readonly agent?: Agent;
  readonly executors: readonly Executor[];
  /** What people know, as the host's own tools print it. */
  readonly text: Readonly<Record<'version' | 'docker' | 'netstat' | 'count', string>>;
  /** These are absent where only the agent was asked for. */
  readonly clock?: HostClock;
  readonly docker?: Docker;
  readonly api?: AgentApi;
  /** For how long connection tracking remembers an idle link, in seconds; absent where it is not loaded. */
  readonly idleLimitSeconds?: number;
  /** What is asked only before a shutdown. */
  readonly surroundings?: Surroundings;
  /** What is asked only after a restart; absent where the journal does not tell. */
  readonly recovery?: Recovery;
}

/** Undefined where the answer is not complete. */
export function parseCapture(output: string, port: number): Captured | undefined {
  const sections = readSections(output);
  if (sections === undefined) return undefined;
  const unit = unitIn(sections);
  const [clock, docker] = [clockIn(sections), dockerIn(sections)];
  const api = agentApiIn(sections, unit !== undefined && speaksTls(unit));
  const idleLimitSeconds = idleLimitIn(sections);
  const [surroundings, recovery] = [surroundingsIn(sections), recoveryIn(sections)];
  const tables = tablesIn(sections);
  const agent = agentIn(sections, tables, port, api);
  const namespaces = namespacesIn(unit);
  const executors = executorsAmong(sections.flatMap(launchedIn), {
    tables,
    port,
    links: linksIn(sections),
    belongings: belongingsIn(sections),
    ...(clock === undefined ? {} : { uptimeSeconds: clock.uptimeSeconds }),
    ...(namespaces === undefined ? {} : { agent: namespaces }),
  });
  return {
    ...(agent === undefined ? {} : { agent }),
    executors: executors.map((executor) => joined(executor, docker, api)),
    text: textIn(sections),
    ...(clock === undefined ? {} : { clock }),
    ...(docker === undefined ? {} : { docker }),
    ...(api === undefined ? {} : { api }),
    ...(idleLimitSeconds === undefined ? {} : { idleLimitSeconds }),
    ...(surroundings === undefined ? {} : { surroundings }),
    ...(recovery === undefined ? {} : { recovery }),
  };
}

/** An executor with what Docker and the agent say of it. */
function joined(executor: Executor, docker: Docker | undefined, api: AgentApi | undefined): Executor {
  const container = containerOf(executor, docker);
  const told = api?.executors?.find(({ id, framework }) => id === executor.id && framework === executor.framework);
  return {
    ...executor,
    ...(isOrphan(executor, api) ? { standing: 'unlinked' as const } : {}),
    ...(container === undefined ? {} : { container }),
    ...(api?.executors === undefined ? {} : { tasks: told?.tasks ?? [], queued: told?.queued ?? [] }),
  };
}

/**
 * A task that outlived its executor and listens, as a web server does, looks like an executor that waits. The agent knows
 * who waits for it: it has noticed nothing. Where it tells of none at all, it may keep them from us.
 */
function isOrphan({ id, framework, standing }: Executor, api: AgentApi | undefined): boolean {
  const told = api?.executors ?? [];
  return (
    standing === 'waiting' && told.length > 0 && !told.some((each) => each.id === id && each.framework === framework)
  );
}

function textIn(sections: readonly Section[]): Captured['text'] {
  const section = sections.find(({ kind }) => kind === 'text');
  const of = (name: string) => (section === undefined ? '' : shownText(bytesOf(section, name)));
  return { version: of('version').trim(), docker: of('docker'), netstat: of('netstat'), count: of('count').trim() };
}

/** Lines stay lines; everything else that is not plain text becomes visible. */
function shownText(bytes: Uint8Array | undefined): string {
  const lines = Buffer.from(bytes ?? [])
    .toString('latin1')
    .split('\n');
  return lines.map((line) => printable(Buffer.from(line, 'latin1'))).join('\n');
}
