import { sh } from '../../shell/script.ts';
import type { Found } from './ask.ts';
import type { Before } from './registered-capture.ts';
import type { Section } from './sections.ts';

/** What the journal says of the agent's recovery since its start. */
export type Recovery = 'finished' | 'unfinished';

/** The journal is asked by the process, so that an earlier start does not answer for this one. */
export const ASK_RECOVERY = sh`echo '= recovery'
for unit in dcos-mesos-slave.service dcos-mesos-slave-public.service; do
  pid=$(systemctl show -p MainPID "$unit" 2>/dev/null); pid=\${pid#MainPID=}
  case $pid in ''|0) continue ;; esac
  echo "- journal $(limited 5 journalctl -q -b --no-pager -o cat "_PID=$pid" 2>/dev/null </dev/null | awk '/[Rr]ecover/ { told++ } /Finished recovery/ { finished = 1 } END { print told + 0, finished + 0 }')"
done`;

/** Undefined where the journal holds nothing of a recovery: some agents log elsewhere. */
export function recoveryIn(sections: readonly Section[]): Recovery | undefined {
  const journals = sections.find(({ kind }) => kind === 'recovery')?.fields ?? [];
  if (journals.some(({ words }) => words[1] === '1')) return 'finished';
  return journals.some(({ words }) => Number(words[0]) > 0) ? 'unfinished' : undefined;
}

/** What is wrong with the agent, and may be right in a moment: it has only just started. */
export function passingProblems(before: Before, { agent, api, recovery }: Found): readonly string[] {
  return told([
    [agent.state !== 'active', `${agent.unit} is ${agent.state}`],
    [agent.state === 'active' && !agent.listening, `${agent.unit} does not listen`],
    [api?.registered === false, 'the agent is not registered with a master'],
    [
      agent.instance !== before.agent.instance && recovery === 'unfinished',
      `${agent.unit} has not finished its recovery, says its journal`,
    ],
  ]);
}

/** What is wrong with the agent, and stays so. */
export function lastingProblems(before: Before, { agent, api, executors }: Found): readonly string[] {
  const isAnother = before.agent.id !== undefined && agent.id !== undefined && agent.id !== before.agent.id;
  const isOld = agent.instance === before.agent.instance && keepsOldLinks(before, executors);
  return told([
    [isAnother, `the agent came back as ${agent.id}, and was ${before.agent.id}: its master has given its tasks up`],
    [(api?.recoveryErrors ?? 0) > 0, `the agent had ${api?.recoveryErrors} errors when it recovered`],
    [isOld, 'the agent has not been restarted since, and its executors have the links that they had'],
  ]);
}

function told(problems: readonly (readonly [boolean, string])[]): readonly string[] {
  return problems.flatMap(([isSo, problem]) => (isSo ? [problem] : []));
}

/** A link that should have been renewed, and was not. */
function keepsOldLinks(before: Before, executors: Found['executors']): boolean {
  const now = new Set(executors.flatMap(({ links }) => links.map(({ inode }) => inode)));
  const renewed = before.executors.filter(({ checkpoint, http }) => checkpoint && !http);
  return renewed.some(({ links }) => links.some(({ inode }) => now.has(inode)));
}

/** What could not be read, and so is not known. */
export function notRead({ agent, api, docker, recovery }: Found): readonly string[] {
  return [
    ...(api?.executors === undefined ? [`tasks (HTTP: ${api?.told ?? 'not asked'})`] : []),
    ...(api?.registered === undefined ? [`registration (HTTP: ${api?.told ?? 'not asked'})`] : []),
    ...(docker?.answers === false ? ['containers (Docker gives no answer)'] : []),
    ...(recovery === undefined ? [`the end of the recovery (journalctl -u ${agent.unit})`] : []),
  ];
}
