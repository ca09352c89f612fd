import type { Action, Decision, Result } from '../actions/action.ts';
import type { Variable } from '../expressions/scope.ts';
import type { PlannedTask } from '../plan/plan.ts';
import { isMap, type Value } from '../source/value.ts';
import { commandText } from './command-text.ts';
import { Undecided } from './misjudged.ts';

/** `check`: tasks with `check_mode: false` are done all the same, as in Ansible. `probe`: nothing but what is declared read-only. */
export type DryRun = 'check' | 'probe';

/** Those whose text is a command, of which the playbook alone can say that it only reads. */
const COMMANDS = new Set(['command', 'shell', 'raw']);

/** Whether a task is only simulated, where it says of itself (`check_mode`) this or nothing. */
export function isSimulated(task: PlannedTask, checkMode: boolean | undefined, dryRun: DryRun | undefined): boolean {
  if (dryRun === undefined) return checkMode === true;
  if (checkMode !== false) return true;
  return dryRun === 'probe' && !(task.changedWhen?.[0] === false && COMMANDS.has(task.action));
}

type Work = Extract<Decision, { kind: 'work' }>;

/** What a simulated task registers: what is known of its result, and what would be sent. */
export function foreseen(action: Action, params: unknown, { commands, ...work }: Work): Result {
  const about = { commands: commands.map(commandText) };
  if (work.foreseen !== undefined) return { ...work.foreseen, ...about };
  if (action.effect(params) !== 'opaque') return { changed: true, foreseen: true, ...about };
  const msg = 'not run in check mode';
  return {
    changed: false,
    skipped: true,
    undecided: 'comes from a command that a dry run does not send',
    msg,
    ...about,
  };
}

/** A step of which a dry run cannot say whether or how it is done. What it would give values to is not known either. */
export function undecided({ action, params }: PlannedTask, why: string): Result {
  const given = action === 'set_fact' ? Object.keys(params).filter((key) => key !== 'cacheable') : [];
  const facts = Object.fromEntries(given.map((key) => [key, { undecided: why }]));
  return {
    changed: false,
    skipped: true,
    undecided: why,
    skip_reason: `decided on the host: ${why}`,
    ...(given.length === 0 ? {} : { ansible_facts: facts }),
  };
}

/** What was only foreseen is looked up for what is known of it; asking for the rest ends the evaluation. */
export function asForeseen(name: string, value: Value): Variable {
  if (!isMap(value)) return { kind: 'final', value };
  if (typeof value.undecided === 'string') throw new Undecided(`"${name}" ${value.undecided}`);
  if (value.foreseen !== true) return { kind: 'final', value };
  const { results: _, commands: __, foreseen: ___, ...known } = value;
  const get = (key: string): Variable => {
    const member = known[key];
    if (member === undefined) throw new Undecided(`"${name}.${key}" comes from what a dry run does not do`);
    return { kind: 'final', value: member };
  };
  return { kind: 'lazy-map', keys: Object.keys(known), get };
}

/** Those that look at values only, and not at the host. */
const COMPUTES = new Set(['assert', 'debug', 'fail', 'set_fact']);

/** A no after something that was not done may well be a yes once it is: it is told, and counts as undecided. */
export function asTheHostIsNow(result: Result, task: PlannedTask, undone: string | undefined): Result {
  const isNo = result.failed === true || result.refused === true;
  if (!isNo || undone === undefined || result.unreachable === true || COMPUTES.has(task.action)) return result;
  const { failed: _, refused: __, commands: ___, ...told } = result;
  const why = `as the host is now, it says: ${String(result.msg ?? 'no')}; "${undone}" comes before it and was not done`;
  return { ...told, ...undecided(task, why) };
}
