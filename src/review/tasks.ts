import type { Effect } from '../actions/action.ts';
import { findAction } from '../actions/registry.ts';
import type { Alike, TaskOutlook, Work } from '../engine/outlook.ts';
import { foldHosts, groupBy } from '../inventory/fold.ts';
import type { BlockPart, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import { duration } from '../source/duration.ts';
import { unreachable, type Value } from '../source/value.ts';
import { type Block, code, type Fact, facts, paragraph, plural, type Section, type Text } from './document.ts';
import type { Review } from './review.ts';
import { parametersText, shown } from './values.ts';

/** Each task with what is done where, as whom, how long, and what happens when it is done twice. */
export function taskParts(play: PlannedPlay, review: Review): readonly Section[] {
  return play.tasks.map((task) => ({
    title: `${task.name} (${task.action})`,
    blocks: [
      facts(...placeFacts(task), ...conditionFacts(task), ...outlookFacts(task, outlooksOf(task, review))),
      ...workBlocks(task, outlooksOf(task, review)),
    ],
  }));
}

export function outlooksOf(task: PlannedTask, { outlook }: Review): readonly Alike<TaskOutlook>[] {
  return outlook.tasks.get(task.id) ?? [];
}

const WORST: readonly Effect[] = ['opaque', 'probed', 'reads'];

/** The gravest of what a task does to its hosts. */
export function effectsOf(task: PlannedTask, review: Review): Effect {
  const effects = outlooksOf(task, review).map(({ value }) => value.effect);
  return WORST.find((effect) => effects.includes(effect)) ?? 'reads';
}

function placeFacts(task: PlannedTask): readonly Fact[] {
  const summary = findAction(task.action)?.summary;
  return [
    ...(summary === undefined ? [] : [['Does', summary] as const]),
    ['Address', code(`${task.id} (${task.at})`)],
    ...(task.section === 'tasks' ? [] : [['Stands in', task.section] as const]),
    ...(task.blocks.length === 0 ? [] : [['Within', task.blocks.map(describePart).join(' › ')] as const]),
  ];
}

function describePart({ name, part, window }: BlockPart): string {
  const block = window === undefined ? `block "${name}"` : `window "${window.name}"`;
  return part === 'block' ? block : `${block}, ${part}`;
}

function conditionFacts(task: PlannedTask): readonly Fact[] {
  const { when, loop, runOnce, until, retries, delay, failedWhen, ignoreErrors, notify, throttle } = task;
  const facts: readonly (readonly [string, Text | undefined])[] = [
    ['Only when', when.length === 0 ? undefined : code(when.join(' and '))],
    ['For each of', loop === undefined ? undefined : code(shown(loop))],
    ['Once for the batch', runOnce === false ? undefined : shown(runOnce)],
    ['Until', until.length === 0 ? undefined : code(until.join(' and '))],
    ['Tried again', retries === undefined ? undefined : `${retries} times, every ${delay} s`],
    ['Failed when', failedWhen === undefined ? undefined : code(failedWhen.join(' and '))],
    ['Failure ignored', ignoreErrors === false ? undefined : shown(ignoreErrors)],
    ['At most at a time', throttle === undefined ? undefined : String(throttle)],
    ['Notifies', notify.length === 0 ? undefined : notify.join(', ')],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const]));
}

/** What is the same for all hosts is said once; else it says for whom. */
function outlookFacts(task: PlannedTask, outlooks: readonly Alike<TaskOutlook>[]): readonly Fact[] {
  const each = (read: (outlook: TaskOutlook) => string | undefined) => saidOnce(outlooks, read);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Runs as', each(({ runsAs }) => runsAs)],
    ['On', task.delegateTo === undefined ? undefined : each(({ on }) => on)],
    ['Time limit', each(({ timeout }) => timeLimit(timeout))],
    [
      'Effect',
      task.action === 'meta' || task.action === 'pause' ? 'steers the run' : each(({ effect }) => EFFECT[effect]),
    ],
    [
      'Environment',
      task.environment.length === 0 ? undefined : each(({ environment }) => environmentText(environment)),
    ],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const]));
}

function saidOnce(
  outlooks: readonly Alike<TaskOutlook>[],
  read: (outlook: TaskOutlook) => string | undefined,
): string | undefined {
  const groups = groupBy(outlooks, ({ value }) => read(value));
  if (groups.size === 1) return [...groups.keys()][0];
  return [...groups]
    .map(([said, alike]) => `${said ?? 'none'} (${foldHosts(alike.flatMap(({ hosts }) => hosts))})`)
    .join('; ');
}

const EFFECT: Readonly<Record<Effect, string>> = {
  reads: 'read-only; can be repeated',
  probed: 'changing; can be repeated: the host can tell whether it took',
  opaque: 'changing; not repeated by itself: nothing can tell whether it took, so that after a break a person is asked',
};

function timeLimit(seconds: string): string {
  if (seconds === '0') return 'none';
  return /^\d+$/.test(seconds) ? duration(Number(seconds) * 1000) : `${seconds} (seconds)`;
}

function environmentText(environment: Value): string {
  return Array.isArray(environment) ? environment.map(shown).join(' ') : shown(environment);
}

/** More kinds of work than this are not shown one by one. */
const MOST_KINDS = 6;

function workBlocks(task: PlannedTask, outlooks: readonly Alike<TaskOutlook>[]): readonly Block[] {
  const kinds = [...groupBy(outlooks, ({ value }) => JSON.stringify(value.work)).values()].flatMap((alike) => {
    const [first] = alike;
    return first === undefined ? [] : [{ hosts: alike.flatMap(({ hosts }) => hosts), work: first.value.work }];
  });
  const hosts = kinds.reduce((sum, kind) => sum + kind.hosts.length, 0);
  if (kinds.length === 1) return kinds.flatMap(({ work }) => describeWork(work));
  const isLong = kinds.length > MOST_KINDS;
  const shownKinds = isLong ? kinds.slice(0, MOST_KINDS - 3) : kinds;
  return [
    ...(isLong
      ? [paragraph(`It differs from host to host, on ${plural(hosts, 'host')}. As it is written:`), asWritten(task)]
      : []),
    ...shownKinds.flatMap((kind) => [
      paragraph(`On ${plural(kind.hosts.length, 'host')}, ${foldHosts(kind.hosts)}:`),
      ...describeWork(kind.work),
    ]),
    ...(isLong ? [paragraph(`… and likewise on ${plural(hosts - hostsOf(shownKinds), 'host')} more.`)] : []),
  ];
}

function hostsOf(kinds: readonly { readonly hosts: readonly string[] }[]): number {
  return kinds.reduce((sum, { hosts }) => sum + hosts.length, 0);
}

function asWritten({ params }: PlannedTask): Block {
  return { kind: 'code', text: parametersText(params) };
}

function describeWork(work: Work): readonly Block[] {
  switch (work.kind) {
    case 'commands':
      return work.commands.map((text) => ({ kind: 'code', text }));
    case 'params':
      return [
        ...(Object.keys(work.params).length === 0
          ? []
          : [{ kind: 'code' as const, text: parametersText(work.params) }]),
        ...(work.why === undefined ? [] : [paragraph(`Not wholly known before the run: ${work.why}.`)]),
      ];
    case 'items':
      return work.items.flatMap(({ item, work: each }) => [
        { kind: 'facts' as const, facts: [['For', code(shown(item))] as const] },
        ...describeWork(each),
      ]);
    case 'skipped':
      return [paragraph(`Skipped: "${work.condition}" does not hold.`)];
    case 'hidden':
      return [paragraph('Its parameters, commands and output are hidden (no_log).')];
    default:
      return unreachable(work);
  }
}
