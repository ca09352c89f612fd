import type { z } from 'zod';
import type { Action, Decision, Done, Result } from '../action.ts';
import { ended } from '../outcomes.ts';
import { parameters } from '../params.ts';
import { capture, type Found, port } from './ask.ts';
import { type Executor, identityOf, named } from './facts.ts';
import { judge, type Shut, shutScript, type Target } from './gdb.ts';
import { image } from './gdb-image.ts';

const params = parameters({ image, port });

type Params = z.output<typeof params>;

export const mesosShutdownSockets: Action<Params, Found> = {
  kind: 'host',
  name: 'mesos_shutdown_sockets',
  summary:
    'Shuts the link of every executor that checkpoints, so that it waits for the agent to come back. The agent must be restarted at once after it.',
  params,
  effect: () => 'probed',
  probe: (given, host) => capture(host, given.port),
  decide,
  verify: (_given, before, after) => notTaken(before, after),
};

interface LeftAlone {
  readonly executor: Executor;
  readonly why: string;
}

/** Whose link is shut, and whose is not and why. */
export function choose(executors: readonly Executor[]): {
  readonly targets: readonly Target[];
  readonly leftAlone: readonly LeftAlone[];
} {
  const targets: Target[] = [];
  const leftAlone: LeftAlone[] = [];
  for (const executor of executors) {
    const why = reasonToLeave(executor);
    const [link] = executor.links;
    if (why === undefined && link !== undefined) targets.push({ executor, link });
    else leftAlone.push({ executor, why: why ?? 'it has no link' });
  }
  return { targets, leftAlone };
}

/** A second end of file kills an executor that waits; the first one kills whose framework does not checkpoint. */
function reasonToLeave({ http, checkpoint, standing, links }: Executor): string | undefined {
  if (http) return 'it speaks HTTP with the agent and comes back by itself';
  if (!checkpoint) return 'its framework does not checkpoint: it will die at any restart of the agent';
  if (standing === 'waiting') return 'it waits for the agent already';
  if (standing === 'unlinked') return 'it has no link to the agent, and does not listen for one';
  return links.length === 1 ? undefined : `it has ${links.length} links to the agent, and one was expected`;
}

function decide(given: Params, { executors }: Found): Decision {
  const { targets, leftAlone } = choose(executors);
  const left = leftAlone.map(({ executor, why }) => ({ id: executor.id, pid: executor.pid, why }));
  if (targets.length === 0)
    return {
      kind: 'settled',
      result: { changed: false, shut: [], left_alone: left, msg: `nothing to shut${also(leftAlone)}` },
    };
  return {
    kind: 'work',
    commands: [{ kind: 'run', script: shutScript(targets, given.image) }],
    conclude: (done) => ({ ...conclude(targets, leftAlone, done[0]), left_alone: left }),
  };
}

function conclude(targets: readonly Target[], leftAlone: readonly LeftAlone[], done: Done | undefined): Result {
  const end = ended(done);
  const output = end.output?.stdout ?? '';
  const judged = judge(targets, output);
  const failed = judged.filter(({ returned }) => returned !== 0);
  const result = {
    changed: failed.length < judged.length,
    shut: judged
      .filter(({ returned }) => returned === 0)
      .map(({ target }) => ({ id: target.executor.id, pid: target.executor.pid, fd: target.link.fd })),
    stdout: output,
    stderr: end.output?.stderr ?? '',
  };
  if (end.ok && failed.length === 0) return { ...result, msg: `shut ${targets.length}${also(leftAlone)}` };
  const why = end.ok ? '' : `; the container: ${end.output?.stderr || end.msg}`;
  return {
    ...result,
    failed: true,
    msg: `${failed.length} of ${judged.length} links were not shut: ${failed.map(blame).join('; ')}${why}`,
  };
}

function blame({ target, returned, said }: Shut): string {
  const last =
    said
      .split('\n')
      .filter((line) => !/^\[|^$/.test(line))
      .at(-1) ?? said;
  return `${named(target.executor)}: ${returned === undefined ? last : `shutdown returned ${returned}`}`;
}

function also(leftAlone: readonly LeftAlone[]): string {
  return leftAlone.map(({ executor, why }) => `; left alone: ${named(executor)}, ${why}`).join('');
}

/** Each socket must be gone, and each executor must still be there. */
function notTaken(before: Found, after: Found): string | undefined {
  const now = new Map(after.executors.map((executor) => [identityOf(executor), executor]));
  const problems = choose(before.executors).targets.flatMap(({ executor, link }) => {
    const found = now.get(identityOf(executor));
    if (found === undefined) return [`${named(executor)} is gone`];
    return found.links.some(({ inode }) => inode === link.inode) ? [`${named(executor)} still holds its link`] : [];
  });
  return problems.length === 0 ? undefined : `after the shutdown: ${problems.join('; ')}`;
}
