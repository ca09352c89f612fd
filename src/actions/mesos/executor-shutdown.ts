import type { z } from 'zod';
import { unreachable } from '../../source/value.ts';
import type { Action, Asked, Decision, Done, HostCommand, Result } from '../action.ts';
import { type Ended, ended } from '../outcomes.ts';
import { flag, integer, parameters, path } from '../params.ts';
import { type Found, port } from './ask.ts';
import { checksOf } from './checks.ts';
import { FOLDER, startScript, WATCH } from './detached.ts';

import { type Executor, named } from './facts.ts';
import { image } from './gdb-image.ts';
import { leastPatienceSeconds } from './patience.ts';
import { clock, look } from './preflight.ts';
import { type ProcedureResults, readResults } from './procedure-results.ts';
import { procedureScript } from './procedure-script.ts';
import { registeredCapture } from './registered-capture.ts';
import { maxDown } from './restart-agent.ts';

const params = parameters({
  before: registeredCapture,
  image,
  port,
  reserve: integer(
    'Seconds of the shortest recovery timeout that are kept for the restart: with less left, no further link is shut. A fifth of it where not given.',
    1,
  ).optional(),
  max_down: maxDown,
  clock,
  privileged: flag('Run the container with gdb with every privilege instead of SYS_PTRACE alone.').default(false),
  dest: path('A folder on the bastion for what gdb printed: save_exec.out.HOST.').optional(),
});

type Params = z.output<typeof params>;

interface Facts extends Found {
  readonly run: string;
  /** On the bastion. */
  readonly dest?: string;
}

export const mesosExecutorShutdown: Action<Params, Facts> = {
  kind: 'host',
  name: 'mesos_executor_shutdown',
  summary:
    "Shuts the links of a host's executors and restarts its agent, which takes them back: one script, run by the host itself.",
  params,
  effect: () => 'probed',
  followsUp: true,
  noReturn:
    'After the first link is shut the only way is forward: whatever fails, the agent is restarted, since executors that are not taken back within their recovery timeout end their tasks.',
  probe,
  decide,
};

async function probe(given: Params, host: Asked) {
  const found = await look(host, given.port);
  if (!found.ok) return found;
  const dest =
    given.dest === undefined ? {} : { dest: host.localPath(`${given.dest}/save_exec.out.${fileName(host)}`) };
  return { ok: true as const, facts: { ...found.facts, run: `${host.run}, as ${host.host}`, ...dest } };
}

function fileName({ host }: Asked): string {
  return host.replaceAll('/', '_');
}

interface LeftAlone {
  readonly executor: Executor;
  readonly why: string;
}

/** Whose links are shut, and whose are not and why. */
export function choose(executors: readonly Executor[]): {
  readonly targets: readonly Executor[];
  readonly leftAlone: readonly LeftAlone[];
} {
  const judged = executors.map((executor) => ({ executor, why: reasonToLeave(executor) }));
  return {
    targets: judged.flatMap(({ executor, why }) => (why === undefined ? [executor] : [])),
    leftAlone: judged.flatMap(({ executor, why }) => (why === undefined ? [] : [{ executor, why }])),
  };
}

/** A second end of file kills an executor that waits; the first one kills whose framework does not checkpoint. */
function reasonToLeave({ http, checkpoint, standing }: Executor): string | undefined {
  if (http) return 'it speaks HTTP with the agent and comes back by itself';
  if (!checkpoint) return 'its framework does not checkpoint: it will die at any restart of the agent';
  if (standing === 'waiting') return 'it waits for the agent already';
  return standing === 'unlinked' ? 'it has no link to the agent, and does not listen for one' : undefined;
}

function isWaiting({ http, checkpoint, standing }: Executor): boolean {
  return !http && checkpoint && standing === 'waiting';
}

function decide(given: Params, facts: Facts): Decision {
  const { targets, leftAlone } = choose(facts.executors);
  const waiting = facts.executors.filter(isWaiting);
  const left = leftAlone.map(({ executor: { id, pid }, why }) => ({ id, pid, why }));
  if (targets.length + waiting.length === 0 && facts.agent.instance === given.before.agent.instance)
    return {
      kind: 'settled',
      result: { changed: false, shut: [], left_alone: left, msg: `no link to shut${also(leftAlone)}` },
    };
  const failed =
    waiting.length > 0 || hasBegun(given, facts) ? [] : checksOf(facts, given).filter(({ passed }) => !passed);
  if (failed.length > 0) {
    const why = failed.map((each) => `${each.check}: ${each.why}`).join('; ');
    return {
      kind: 'settled',
      result: { changed: false, refused: true, checks: failed, msg: `nothing was touched: ${why}` },
    };
  }
  return {
    kind: 'work',
    commands: commandsFor(given, facts, targets, waiting),
    foreseen: { changed: true, foreseen: true, left_alone: left, msg: intent(facts, targets, waiting, leftAlone) },
    conclude: (done) => ({ ...conclude(given, facts, leftAlone, done), left_alone: left }),
  };
}

/** What the script is about to do, name by name. */
function intent(
  { agent }: Facts,
  targets: readonly Executor[],
  waiting: readonly Executor[],
  leftAlone: readonly LeftAlone[],
): string {
  const restart = `restart ${agent.unit} (pid ${agent.pid})`;
  if (waiting.length > 0) return `would ${restart} at once: ${waiting.map(named).join(', ')} waits for it already`;
  const shut = targets.map((each) => `${each.links.map(({ fd }) => `fd ${fd}`).join(' and ')} of ${named(each)}`);
  return `would shut ${shut.join(', ')}, then ${restart}${also(leftAlone)}`;
}

/** This run has begun on this start of the agent before: what is under way is not judged anew, it is followed. */
function hasBegun({ before }: Params, { surroundings, run }: Facts): boolean {
  const states = surroundings?.windows ?? [];
  return states.some(
    ({ words }) => words.run === run && words.agent === before.agent.instance && words.phase !== 'refused',
  );
}

function commandsFor(
  given: Params,
  { agent, run, dest }: Facts,
  targets: readonly Executor[],
  waiting: readonly Executor[],
): readonly HostCommand[] {
  const { instance } = given.before.agent;
  const lengthSeconds = leastPatienceSeconds(targets);
  const procedure = procedureScript(
    {
      run,
      unit: agent.unit,
      instance,
      port: given.port,
      image: given.image,
      privileged: given.privileged,
      lengthSeconds,
      reserveSeconds: given.reserve ?? Math.ceil(lengthSeconds / 5),
      maxDownSeconds: given.max_down,
      // Who waits already has a deadline that nobody knows: nothing more is shut, the agent is restarted at once.
      targets: waiting.length > 0 ? [] : targets,
      isOpen: waiting.length > 0,
    },
    FOLDER,
  );
  const kept: readonly HostCommand[] =
    dest === undefined ? [] : [{ kind: 'download', from: `${FOLDER}/save_exec.out`, to: dest, again: true }];
  return [
    { kind: 'run', script: startScript(procedure, run, instance), again: true },
    { kind: 'run', script: WATCH, again: true },
    ...kept,
  ];
}

function conclude(given: Params, { agent }: Facts, leftAlone: readonly LeftAlone[], done: readonly Done[]): Result {
  const [started, watched, kept] = done.map((each) => ended(each));
  const output = `${started?.output?.stdout ?? ''}\n${watched?.output?.stdout ?? ''}`;
  const results = readResults(output);
  const nameOf = namesIn(given);
  const shut = results.calls.filter(({ isClosed }) => isClosed);
  const result: Result = {
    changed: results.refused === undefined && results.restart !== 'not needed',
    shut: shut.map(({ pid, fd }) => ({ ...nameOf(pid), fd })),
    stdout: watched?.output?.stdout ?? '',
    ...(results.downSeconds === undefined ? {} : { down_seconds: results.downSeconds }),
    ...(results.isHome ? { degraded: true } : {}),
  };
  if (results.refused !== undefined)
    return { ...result, refused: true, msg: `nothing was touched: ${results.refused}` };
  const problems = [
    ...(started?.ok === false ? [`the procedure was not started: ${said(started)}`] : []),
    ...restartProblems(results, agent.unit),
    ...callProblems(results, nameOf),
    ...(kept?.ok === false ? [`all this is done, but what gdb printed could not be kept: ${said(kept)}`] : []),
  ];
  const unseen =
    results.unseen === undefined ? '' : `; not known: whether a task was being launched (${results.unseen})`;
  const told = `${shut.length} links shut, ${course(results)}${unseen}${also(leftAlone)}`;
  const msg = [...problems, told].join('; ');
  return problems.length === 0 ? { ...result, msg } : { ...result, failed: true, msg };
}

function said(end: Extract<Ended, { ok: false }>): string {
  return end.output?.stderr || end.output?.stdout || end.msg;
}

function course({ restart, downSeconds, isLate, isHome, wasKilled }: ProcedureResults): string {
  if (isHome && restart !== 'absent')
    return 'then the script on the host died; another went on from there, and restarted the agent';
  if (restart !== 'done') return restart === 'not needed' ? 'the agent was not restarted' : 'see the agent';
  const how = wasKilled ? ' (it did not stop by itself and was ended)' : '';
  const late = isLate ? ': longer than it may be, see whether the master still knows it' : '';
  return `agent restarted, down for ${downSeconds} s${how}${late}`;
}

/** After the first link is shut nothing is worse than to stop: whatever is wrong, the agent must come back. */
function restartProblems({ restart }: ProcedureResults, unit: string): readonly string[] {
  const look = `look at journalctl -u ${unit} on the host now: executors that wait for the agent give up when their recovery timeout is over`;
  switch (restart) {
    case 'done':
    case 'before':
      return [];
    case 'not needed':
      return ['no link could be shut, and the agent was not restarted'];
    case 'absent':
      return [`${unit} did not come back; ${look}`];
    case 'unknown':
      return [`the script on the host ended before the agent was restarted; ${look}`];
    default:
      return unreachable(restart);
  }
}

type Name = (pid: number) => { readonly id: string; readonly pid: number };

function namesIn({ before }: Params): Name {
  const ids = new Map(before.executors.map(({ pid, id }) => [pid, id]));
  return (pid) => ({ id: ids.get(pid) ?? '?', pid });
}

function callProblems({ calls, left, gone }: ProcedureResults, nameOf: Name): readonly string[] {
  return [
    ...calls.flatMap(({ pid, returned, isClosed, said: last }) =>
      isClosed ? [] : [`${named(nameOf(pid))} was not shut: ${returned === 'nothing' ? last : outcomeOf(returned)}`],
    ),
    ...left.flatMap(({ pid, why }) => {
      const reason = LEFT[why.split(' ')[0] ?? ''];
      return reason === undefined ? [] : [`${named(nameOf(pid))} was not shut: ${reason}`];
    }),
    ...gone.map((pid) => `${named(nameOf(pid))} died`),
  ];
}

function outcomeOf(returned: string): string {
  return returned === 'hung'
    ? 'gdb holds it and does not come back; it was not ended, since that would kill the executor'
    : `shutdown returned ${returned}`;
}

/** The script's words for executors that it passed over. What is not here is no problem. */
const LEFT: Readonly<Record<string, string>> = {
  gone: 'it had ended before its turn came',
  unlinked: 'its link had gone before its turn came',
  late: 'the time that is kept for the restart had come',
  restarted: 'the agent had been restarted by somebody else before its turn came',
};

function also(leftAlone: readonly LeftAlone[]): string {
  return leftAlone.map(({ executor, why }) => `; left alone: ${named(executor)}, ${why}`).join('');
}
