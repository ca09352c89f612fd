import { foldHosts } from '../inventory/fold.ts';
import type { Value } from '../source/value.ts';
import type { Batch, BlockPart, Plan, PlannedPlay, PlannedTask, Section } from './plan.ts';

/** The plan as people read it: plays, batches by name, tasks in order with what bounds them. */
export function planAsText(plan: Plan): string {
  const head = [`Plan ${plan.id}`, `  playbook  ${plan.playbook}`, ...describeOptions(plan)];
  return [...head, ...plan.plays.flatMap((play) => ['', ...describePlay(play)])].join('\n');
}

/** The line or two that a person is asked to agree to before a run. */
export function planSummary(plan: Plan): string {
  return plan.plays.map((play) => [headline(play), ...batchLines(play), ...orderLines(play)].join('\n')).join('\n');
}

function describeOptions(plan: Plan): readonly string[] {
  const { limit, tags, skipTags, extraVars } = plan.options;
  return [
    ...(limit === undefined ? [] : [`  limit     ${limit}`]),
    ...(tags.length === 0 ? [] : [`  tags      ${tags.join(', ')}`]),
    ...(skipTags.length === 0 ? [] : [`  skip      ${skipTags.join(', ')}`]),
    ...Object.entries(extraVars).map(([name, value]) => `  -e        ${name}=${brief(value)}`),
  ];
}

function describePlay(play: PlannedPlay): readonly string[] {
  return [headline(play), ...batchLines(play), ...orderLines(play), ...budgetLines(play), ...taskLines(play)];
}

function headline(play: PlannedPlay): string {
  const hosts = play.batches.reduce((sum, batch) => sum + batch.hosts.length, 0);
  const pace = play.strategy === 'host_pinned' ? 'each host to its end before another takes its place' : 'task by task';
  return `Play ${play.number} "${play.name}": ${plural(hosts, 'host')} of "${play.pattern}", ${plural(play.batches.length, 'batch', 'batches')}, at most ${play.forks} at a time, ${pace}`;
}

/** More batches than this are summed up. */
const MOST_BATCHES = 12;

function batchLines(play: PlannedPlay): readonly string[] {
  const line = (batch: Batch) =>
    `  batch ${String(batch.number).padStart(String(play.batches.length).length)}  ${String(batch.hosts.length).padStart(4)}  ${foldHosts(batch.hosts)}`;
  if (play.batches.length <= MOST_BATCHES) return play.batches.map(line);
  const rest = play.batches.slice(MOST_BATCHES - 1);
  const hosts = rest.flatMap((batch) => batch.hosts);
  return [
    ...play.batches.slice(0, MOST_BATCHES - 1).map(line),
    `  … and ${rest.length} more batches with ${plural(hosts.length, 'host')}: ${foldHosts(hosts)}`,
  ];
}

function orderLines({ withoutEnd }: PlannedPlay): readonly string[] {
  if (withoutEnd === undefined) return [];
  const unknown = withoutEnd.length === 0 ? '' : `; it knows of no end of ${foldHosts(withoutEnd)}: last`;
  return [`  in the order of the ledger: what ends first goes first${unknown}`];
}

function budgetLines(play: PlannedPlay): readonly string[] {
  const bounds = [
    ...(play.maxFailPercentage === undefined ? [] : [`more than ${play.maxFailPercentage}% of a batch fail`]),
    ...(play.maxFailures === undefined ? [] : [`more than ${plural(play.maxFailures, 'host')} of the play fail`]),
    ...(play.maxLost === undefined ? [] : [`more than ${play.maxLost} of what is to be kept are lost`]),
    'every host of a batch fails',
  ];
  const pause =
    play.pauseAfter === undefined
      ? []
      : [
          `  waits after ${play.pauseAfter === 'batch' ? 'each batch' : 'the first batch'} until somebody says continue`,
        ];
  return [`  stops when ${bounds.join(', or ')}`, ...pause];
}

const SECTIONS: readonly Section[] = ['pre_tasks', 'tasks', 'post_tasks', 'handlers'];

function taskLines(play: PlannedPlay): readonly string[] {
  return SECTIONS.flatMap((section) => {
    const tasks = play.tasks.filter((task) => task.section === section);
    if (tasks.length === 0) return [];
    return [`  ${section}`, ...tasks.flatMap((task, index) => [...blockLines(task, tasks[index - 1]), taskLine(task)])];
  });
}

/** A heading where a task enters a block, or another part of it. */
function blockLines(task: PlannedTask, previous: PlannedTask | undefined): readonly string[] {
  return task.blocks.flatMap((part, depth) => {
    const before = previous?.blocks[depth];
    return before?.id === part.id && before.part === part.part ? [] : [`${indent(depth)}${describePart(part)}`];
  });
}

function describePart(part: BlockPart): string {
  if (part.part === 'must_finish')
    return `must finish, whatever happened in window "${part.window?.name ?? part.name}":`;
  if (part.part !== 'block') return `${part.part}:`;
  return part.window === undefined
    ? `block "${part.name}":`
    : `window "${part.window.name}": not interrupted on its host`;
}

function taskLine(task: PlannedTask): string {
  const bounds = [
    ...task.when.map((condition) => `when ${condition}`),
    ...(task.loop === undefined ? [] : [`loop ${brief(task.loop)}`]),
    ...(task.become === false ? [] : [`as ${task.becomeUser ?? 'root'}`]),
    ...(task.delegateTo === undefined ? [] : [`on ${task.delegateTo}`]),
    ...(task.runOnce === false ? [] : ['once for the batch']),
    ...(task.notify.length === 0 ? [] : [`notifies ${task.notify.join(', ')}`]),
  ];
  return `${indent(task.blocks.length)}${task.name}  [${task.action}]${bounds.length === 0 ? '' : `  ${bounds.join('; ')}`}`;
}

function indent(depth: number): string {
  return ' '.repeat(4 + 2 * depth);
}

function brief(value: Value): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
