import type { Result, SteeringAction } from '../actions/action.ts';
import { findAction } from '../actions/registry.ts';
import type { Status, StepAddress } from '../journal/event.ts';
import { lostIn } from '../journal/lost.ts';
import { leavesUndone } from '../journal/undone.ts';
import type { Batch, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import type { Mask } from '../shell/masking.ts';
import { isMap, type Value, type ValueMap } from '../source/value.ts';
import { asApproved } from './as-approved.ts';
import type { Course } from './course.ts';
import { asTheHostIsNow, isSimulated, undecided } from './dry-run.ts';
import { runsOnce, type StepFinished } from './history.ts';
import { flag, safely } from './keywords.ts';
import { Undecided } from './misjudged.ts';
import { paramsOf } from './params.ts';
import { ABANDONED } from './perform.ts';
import { pause, steer } from './steering.ts';
import { type Attempted, asValue, takeStep } from './step.ts';
import type { Whereabouts } from './walk.ts';
import { windowIsOver } from './windows.ts';

type Next = Extract<Whereabouts, { kind: 'next' }>;

/** `left`: the step was not taken, or let go of; the host does not go on. */
type Taken = 'taken' | 'left';

/** Takes the step that comes next on a host; where it is one for the whole batch, once for all that wait for it. */
export async function takeOneStep(
  play: PlannedPlay,
  batch: Batch,
  host: string,
  where: Next,
  course: Course,
): Promise<Taken> {
  // It may have waited for its turn: meanwhile another host may have taken it for all, or somebody may have said that it is done.
  if (!isStillNext(play, host, where, course)) return 'taken';
  if (!runsOnce(where.task)) return take(play, batch, host, where, course);
  const key = `${play.number}/${batch.number}/${where.task.id}/${where.flushedAt ?? ''}`;
  const running = course.shared.get(key);
  if (running !== undefined) return running;
  const taking = take(play, batch, host, where, course).finally(() => course.shared.delete(key));
  course.shared.set(key, taking);
  return taking;
}

function isStillNext(play: PlannedPlay, host: string, { task, flushedAt }: Next, course: Course): boolean {
  const now = course.whereabouts(play, host);
  return now.kind === 'next' && now.task === task && now.flushedAt === flushedAt;
}

async function take(play: PlannedPlay, batch: Batch, host: string, where: Next, course: Course): Promise<Taken> {
  const letGo = course.windows.has(host) ? undefined : course.underWay.begin(host, where.task.id);
  try {
    return await takeUnlessLetGo(play, batch, host, where, letGo, course);
  } finally {
    course.underWay.end(host);
  }
}

async function takeUnlessLetGo(
  play: PlannedPlay,
  batch: Batch,
  host: string,
  where: Next,
  letGo: AbortSignal | undefined,
  course: Course,
): Promise<Taken> {
  const { task } = where;
  // Somebody has said what is to become of the step: what it comes to by itself counts no more.
  const isOvertaken = () => letGo?.aborted === true && !course.stop.abandoned.aborted;
  const at = { play, batch, host, task };
  const context = { world: course.world, variables: course.variables, at };
  const noLog = safely(() => flag(context, task.noLog, 'no_log'), true);
  const address: StepAddress = {
    play: play.name,
    playNumber: play.number,
    batch: batch.number,
    host,
    task: course.mask(nameOf(task, context)),
    taskId: task.id,
    ...(where.flushedAt === undefined ? {} : { flushedAt: where.flushedAt }),
  };
  const patience = course.windows.of(host)?.patience;
  const inWindow = patience !== undefined;
  const hasBegun = inWindow && where.window !== undefined && course.hasTouched(play, host, where.window);
  const step: Attempted = {
    ...context,
    address,
    check: isSimulated(task, checkModeOf(task, context, course), course.dryRun),
    ...(course.dryRun === undefined ? {} : { dryRun: course.dryRun }),
    diff: course.diff,
    mask: course.mask,
    noLog,
    ...(letGo === undefined ? {} : { abort: letGo }),
    ...(patience === undefined ? {} : { patience }),
  };
  const interrupted = course.isUnknown(address, runsOnce(task) ? batch.hosts : [host]);
  const answer = interrupted ? await settleInterrupted(step, inWindow, course) : 'do';
  if (answer === 'refused') return 'left';
  const started = course.world.clock.monotonic();
  const isOnDisk = await course.world.record({ type: 'step_started', ...address });
  if (!isOnDisk) course.stop.drain('the journal cannot be written');
  if (!isOnDisk && !inWindow) return 'left';
  const isOver = interrupted && followsUp(task) ? undefined : await windowIsOver({ play, batch, host }, where, course);
  const came = isOver ?? (answer === 'do' ? await carryOut(step, inWindow, course) : answer);
  if (isOvertaken()) return 'taken';
  if (came === ABANDONED) return 'left';
  const result = course.dryRun === undefined ? came : inDryRun(came, step, course);
  const judged =
    hasBegun || (inWindow && result.changed) ? inBegunWindow(result) : interrupted ? inDoubt(result, step) : result;
  // It was under way when rollgate died: whatever the probe found now, this step brought it about.
  const whole =
    interrupted && judged.failed !== true && judged.refused !== true && judged.skipped !== true
      ? { ...judged, changed: judged.changed || task.notify.length > 0 }
      : judged;
  const approved = course.approvedOf(host, task.id);
  const held = approved === undefined ? whole : asApproved(whole, masked(asValue(whole), step.mask), task, approved);
  const event = finish(step, held, Math.round(course.world.clock.monotonic() - started), play, course);
  await course.world.record(event);
  if (isOvertaken()) return 'taken';
  course.learn(play, event, asValue({ failed: false, ...held }));
  if (event.status === 'refused' && runsOnce(task)) await tellOthers(event, play, batch, course);
  return 'taken';
}

/** A `check_mode` that cannot be evaluated simulates nothing in a run, and everything in a dry run. */
function checkModeOf(
  { checkMode }: PlannedTask,
  context: Pick<Attempted, 'world' | 'variables' | 'at'>,
  { dryRun }: Course,
): boolean | undefined {
  if (checkMode === undefined) return undefined;
  return safely(() => flag(context, checkMode, 'check_mode'), dryRun !== undefined);
}

/** What was really sent in a dry run (`check_mode: false`) came to what it came to. */
function inDryRun(result: Result, { at, address, check }: Attempted, { undone }: Course): Result {
  const told = check ? asTheHostIsNow(result, at.task, undone.get(at.host)) : result;
  if (leavesUndone(told)) undone.set(at.host, address.task);
  return told;
}

/** After the first step of a window that may have changed something, gates inform: the host is to be brought home. */
function inBegunWindow(result: Result): Result {
  return asFailure(result, 'its window has begun, so this counts as a failure, and what must finish runs');
}

/** Of a step that was under way when rollgate died, nobody can say that nothing was done; one that only asks did nothing. */
function inDoubt(result: Result, step: Attempted): Result {
  if (effectOf(step) === 'reads') return result;
  return asFailure(result, 'it was under way when the run broke off: look what it did on the host');
}

function asFailure(result: Result, why: string): Result {
  if (result.refused !== true) return result;
  const { refused: _, ...rest } = result;
  return { ...rest, failed: true, msg: `it says no: ${String(result.msg ?? '')}; ${why}` };
}

/** What is refused once for a batch is refused for all of it; the journal says so of each. */
async function tellOthers(event: StepFinished, play: PlannedPlay, batch: Batch, course: Course): Promise<void> {
  const others = batch.hosts.filter((host) => host !== event.host && !course.out.has(host));
  const reason = `"${event.task}", done once for the batch on ${event.host}, was refused`;
  const at = { play: play.name, playNumber: play.number, batch: batch.number };
  for (const host of others) await course.world.record({ type: 'host_refused', ...at, host, reason });
}

/** A step that was begun before a break: taken again where that is harmless or a probe can tell, else a person says. */
async function settleInterrupted(
  step: Attempted,
  inWindow: boolean,
  course: Course,
): Promise<'do' | 'refused' | Result> {
  const { task, host, play, batch } = step.at;
  if (effectOf(step) !== 'opaque' || isLeftOut(step)) return 'do';
  const question = `"${step.address.task}" (${task.at}) was begun on ${host} before the run broke off, and nothing can tell whether it was done`;
  const answer = await course.world.operator.resolve(question);
  switch (answer) {
    case 'redo':
      return 'do';
    case 'assume-done':
      return { changed: true, msg: 'taken as done, on the word of an operator', assumed: true };
    case 'nobody': {
      // In a window the rest must still be brought home: the step counts as failed, and what must finish runs.
      if (inWindow) return { changed: false, failed: true, msg: `${question}; it was not done again` };
      // What is done once for a batch is in doubt for all of it.
      const doubtful = runsOnce(task) ? batch.hosts.filter((other) => !course.out.has(other)) : [host];
      for (const other of doubtful)
        await course.refuse(play, batch, other, `${question}: resume with --assume-done or --redo`);
      return 'refused';
    }
  }
}

/** Its condition does not hold, as it did not before: nothing was done. */
function isLeftOut({ world, variables, at }: Attempted): boolean {
  if (at.task.loop !== undefined) return false;
  const condition = world.expressions.holds(at.task.when, variables.scope(at));
  return condition.ok && !condition.value;
}

function effectOf(step: Attempted): 'reads' | 'probed' | 'opaque' {
  // Who writes `changed_when: false` declares that the task only reads.
  if (step.at.task.changedWhen?.[0] === false) return 'reads';
  const action = findAction(step.at.task.action);
  if (action?.kind !== 'host') return 'reads';
  const scope = step.variables.scope(step.at);
  return safely(() => {
    const params = paramsOf(action, step.at.task.params, scope, step.world.expressions);
    return params.ok ? action.effect(params.value) : 'opaque';
  }, 'opaque');
}

/** What it began before a break has its own end by now: that is found out, whatever became of the window. */
function followsUp({ action }: PlannedTask): boolean {
  const found = findAction(action);
  return found?.kind === 'host' && found.followsUp === true;
}

async function carryOut(step: Attempted, inWindow: boolean, course: Course): Promise<Result | typeof ABANDONED> {
  const action = findAction(step.at.task.action);
  try {
    return action?.kind === 'steering' ? await carryOutSteering(action, step, course) : await takeStep(step);
  } catch (error) {
    if (error instanceof Undecided) return undecided(step.at.task, error.message);
    // A bug. Outside a window nobody knows what became of the step, and resume asks; inside, the rest must be brought home.
    if (!inWindow) throw error;
    course.blame(error);
    return { changed: false, failed: true, msg: `a fault in rollgate itself: ${String(error)}` };
  }
}

async function carryOutSteering(
  action: SteeringAction,
  step: Attempted,
  course: Course,
): Promise<Result | typeof ABANDONED> {
  const scope = step.variables.scope(step.at);
  const condition = step.world.expressions.holds(step.at.task.when, scope);
  if (!condition.ok) return { changed: false, failed: true, msg: `when: ${condition.reason}` };
  if (!condition.value) return { changed: false, skipped: true, skip_reason: 'Conditional result was False' };
  const params = paramsOf(action, step.at.task.params, scope, step.world.expressions);
  if (!params.ok) return { changed: false, failed: true, msg: params.reason };
  const given = params.value as ValueMap;
  if (action.name === 'pause' && step.dryRun !== undefined)
    return { changed: false, skipped: true, skip_reason: 'a dry run waits for nobody' };
  return action.name === 'pause' ? pause(given, step.address.task, step.world, course.stop.drained) : steer(given);
}

function finish(step: Attempted, result: Result, ms: number, play: PlannedPlay, course: Course): StepFinished {
  const { task } = step.at;
  const status = statusOf(result);
  const failed = status === 'failed' || status === 'unreachable';
  const ignored =
    failed &&
    safely(() => flag(step, status === 'failed' ? task.ignoreErrors : task.ignoreUnreachable, 'ignore_errors'), false);
  return {
    type: 'step_finished',
    ...step.address,
    status,
    ignored,
    rescued: status === 'failed' && !ignored && isRescued(standingAt(step, play, course), play),
    ms,
    noLog: step.noLog,
    ...(task.blocks.length > 0 && effectOf(step) === 'reads' ? { reads: true } : {}),
    notified: status === 'changed' ? task.notify.flatMap((name) => course.history(play).handlersNamed(name)) : [],
    result: step.noLog ? censored(result) : masked(asValue(result), step.mask),
  };
}

function statusOf(result: Result): Status {
  if (result.unreachable === true) return 'unreachable';
  if (result.refused === true) return 'refused';
  if (result.failed === true) return 'failed';
  if (result.skipped === true) return 'skipped';
  return result.changed ? 'changed' : 'ok';
}

/** A handler fails where it is flushed. */
function standingAt({ address, at }: Attempted, play: PlannedPlay, course: Course): PlannedTask {
  const flushedBy = address.flushedAt === undefined ? undefined : course.history(play).taskAt(address.flushedAt);
  return flushedBy ?? at.task;
}

function isRescued(task: PlannedTask, play: PlannedPlay): boolean {
  return task.blocks.some(
    ({ id, part }) =>
      part === 'block' &&
      play.tasks.some((other) => other.blocks.some((its) => its.id === id && its.part === 'rescue')),
  );
}

function censored(result: Result): ValueMap {
  // How much was lost, and not what.
  const lost = lostIn(result).map(() => true);
  return {
    censored: "the output has been hidden due to the fact that 'no_log: true' was specified for this result",
    changed: result.changed,
    ...(result.failed === undefined ? {} : { failed: result.failed }),
    ...(result.skipped === undefined ? {} : { skipped: result.skipped }),
    ...(result.unreachable === undefined ? {} : { unreachable: result.unreachable }),
    ...(result.refused === undefined ? {} : { refused: result.refused }),
    ...(result.in_doubt === undefined ? {} : { in_doubt: result.in_doubt }),
    // The walk, at resume too, and the exit code go by these.
    ...(result.ends === undefined ? {} : { ends: result.ends }),
    ...(lost.length === 0 ? {} : { lost }),
  };
}

function masked(value: ValueMap, mask: Mask): ValueMap {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, maskedValue(member, mask)]));
}

function maskedValue(value: Value, mask: Mask): Value {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskedValue(item, mask));
  return isMap(value) ? masked(value, mask) : value;
}

/** A task's name as people read it; where it cannot be rendered yet, as it was written. */
function nameOf(task: PlannedTask, step: Pick<Attempted, 'world' | 'variables' | 'at'>): string {
  return safely(() => {
    const rendered = step.world.expressions.text(task.name, step.variables.scope(step.at));
    return rendered.ok ? rendered.value : task.name;
  }, task.name);
}
