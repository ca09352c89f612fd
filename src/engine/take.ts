import type { Result, SteeringAction } from '../actions/action.ts';
import { findAction } from '../actions/registry.ts';
import type { StepAddress } from '../journal/event.ts';
import type { PlannedTask } from '../plan/plan.ts';
import type { ValueMap } from '../source/value.ts';
import { countsAs, type Taking } from './counts-as.ts';
import type { Course } from './course.ts';
import { isSimulated, undecided } from './dry-run.ts';
import { finished } from './finished.ts';
import { runsOnce, type StepFinished } from './history.ts';
import { followsUp, settleInterrupted } from './interrupted.ts';
import { flag, safely } from './keywords.ts';
import { Undecided } from './misjudged.ts';
import { paramsOf } from './params.ts';
import { ABANDONED } from './perform.ts';
import { addressOf, type Spot } from './spot.ts';
import { pause, steer } from './steering.ts';
import { type Attempted, asValue, takeStep } from './step.ts';
import type { Next } from './walk.ts';
import { windowIsOver } from './windows.ts';

/** `left`: the step was not taken, or let go of; the host does not go on. */
type Taken = 'taken' | 'left';

/** Takes the step that comes next on a host; where it is one for the whole batch, once for all that wait for it. */
export async function takeOneStep(spot: Spot, where: Next, course: Course): Promise<Taken> {
  // It may have waited for its turn: meanwhile another host may have taken it for all, or somebody may have said that it is done.
  if (!isStillNext(spot, where, course)) return 'taken';
  if (!runsOnce(where.task)) return take(spot, where, course);
  const key = `${spot.play.number}/${spot.batch.number}/${where.task.id}/${where.flushedAt ?? ''}`;
  const running = course.shared.get(key);
  if (running !== undefined) return running;
  const taking = take(spot, where, course).finally(() => course.shared.delete(key));
  course.shared.set(key, taking);
  return taking;
}

function isStillNext({ play, host }: Spot, { task, flushedAt }: Next, course: Course): boolean {
  const now = course.whereabouts(play, host);
  return now.kind === 'next' && now.task === task && now.flushedAt === flushedAt;
}

async function take(spot: Spot, where: Next, course: Course): Promise<Taken> {
  const letGo = course.windows.has(spot.host) ? undefined : course.underWay.begin(spot.host, where.task.id);
  try {
    return await takeUnlessLetGo(spot, where, letGo, course);
  } finally {
    course.underWay.end(spot.host);
  }
}

async function takeUnlessLetGo(
  spot: Spot,
  where: Next,
  letGo: AbortSignal | undefined,
  course: Course,
): Promise<Taken> {
  // Somebody has said what is to become of the step: what it comes to by itself counts no more.
  const isOvertaken = () => letGo?.aborted === true && !course.stop.abandoned.aborted;
  const taking = takingOf(spot, where, letGo, course);
  const { step, inWindow, interrupted } = taking;
  const answer = interrupted ? await settleInterrupted(step, inWindow, course) : 'do';
  if (answer === 'refused') return 'left';
  const started = course.world.clock.monotonic();
  const isOnDisk = await course.world.record({ type: 'step_started', ...step.address });
  if (!isOnDisk) course.stop.drain('the journal cannot be written');
  if (!isOnDisk && !inWindow) return 'left';
  const isOver = interrupted && followsUp(step.at.task) ? undefined : await windowIsOver(spot, where, course);
  const came = isOver ?? (answer === 'do' ? await carryOut(step, inWindow, course) : answer);
  if (isOvertaken()) return 'taken';
  if (came === ABANDONED) return 'left';
  const result = countsAs(came, taking, course);
  const event = finished(step, result, Math.round(course.world.clock.monotonic() - started), course);
  await course.world.record(event);
  if (isOvertaken()) return 'taken';
  course.learn(spot.play, event, asValue({ failed: false, ...result }));
  if (event.status === 'refused' && runsOnce(step.at.task)) await tellOthers(event, spot, course);
  return 'taken';
}

function takingOf(spot: Spot, where: Next, letGo: AbortSignal | undefined, course: Course): Taking {
  const { play, batch, host } = spot;
  const { task, window, flushedAt } = where;
  const context = { world: course.world, variables: course.variables, at: { ...spot, task } };
  const address: StepAddress = {
    ...addressOf(spot),
    task: course.mask(nameOf(task, context)),
    taskId: task.id,
    ...(flushedAt === undefined ? {} : { flushedAt }),
  };
  const patience = course.windows.of(host)?.patience;
  const inWindow = patience !== undefined;
  const step: Attempted = {
    ...context,
    address,
    check: isSimulated(task, checkModeOf(task, context, course), course.dryRun),
    ...(course.dryRun === undefined ? {} : { dryRun: course.dryRun }),
    diff: course.diff,
    mask: course.mask,
    noLog: safely(() => flag(context, task.noLog, 'no_log'), true),
    ...(letGo === undefined ? {} : { abort: letGo }),
    ...(patience === undefined ? {} : { patience }),
  };
  return {
    step,
    inWindow,
    hasBegun: inWindow && window !== undefined && course.hasTouched(play, host, window),
    interrupted: course.isUnknown(address, runsOnce(task) ? batch.hosts : [host]),
  };
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

/** What is refused once for a batch is refused for all of it; the journal says so of each. */
async function tellOthers(event: StepFinished, { play, batch, host }: Spot, course: Course): Promise<void> {
  const others = batch.hosts.filter((other) => other !== host && !course.out.has(other));
  const reason = `"${event.task}", done once for the batch on ${host}, was refused`;
  for (const other of others)
    await course.world.record({ type: 'host_refused', ...addressOf({ play, batch, host: other }), reason });
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

/** A task's name as people read it; where it cannot be rendered yet, as it was written. */
function nameOf(task: PlannedTask, step: Pick<Attempted, 'world' | 'variables' | 'at'>): string {
  return safely(() => {
    const rendered = step.world.expressions.text(task.name, step.variables.scope(step.at));
    return rendered.ok ? rendered.value : task.name;
  }, task.name);
}
