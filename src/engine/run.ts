import type { Batch, PlannedPlay } from '../plan/plan.ts';
import { revealed } from '../plan/secrets.ts';
import type { Assignment } from './assignment.ts';
import { bringHome } from './bring-home.ts';
import { Course } from './course.ts';
import { judgeFailures } from './judge-failures.ts';
import { Limits, throttleOf } from './limits.ts';
import { reasonToPauseAfter } from './pause-after.ts';
import type { Spot } from './spot.ts';
import { takeOneStep } from './take.ts';
import type { Next } from './walk.ts';
import { enterWindow, leaveWindow } from './windows.ts';

/**
 * Walks a plan to its end, or to where it must stop. What came of it stands in the journal. A bug on one host rejects only
 * when the others have come to where they may stop: nobody's window is left open for it.
 */
export async function runPlan(assignment: Assignment): Promise<void> {
  const plan = revealed(assignment.plan, assignment.secrets);
  const course = new Course({ ...assignment, plan });
  const detach = assignment.orders.attach((order) => course.take(order));
  try {
    await bringHome(plan.plays, course);
    await assignment.opening?.();
    for (const play of plan.plays) {
      if (course.closed !== undefined || assignment.stop.draining !== undefined) break;
      if (!play.batches.some((batch) => mayBegin(play, batch, course))) break;
      await runPlay(play, course);
    }
  } finally {
    detach();
  }
  if (course.fault !== undefined) throw course.fault.error;
}

async function runPlay(play: PlannedPlay, course: Course): Promise<void> {
  const title = { play: play.name, playNumber: play.number };
  await course.once({
    type: 'play_started',
    ...title,
    hosts: play.batches.reduce((sum, batch) => sum + batch.hosts.length, 0),
  });
  const limits = new Limits(play.forks);
  for (let batch = course.nextBatch(play); batch !== undefined; batch = course.nextBatch(play)) {
    if (course.closed !== undefined || course.history(play).hasEnded || course.stop.draining !== undefined) break;
    if (mayBegin(play, batch, course)) await runBatch(play, batch, limits, course);
  }
  course.leave(play);
  if (course.closed === undefined && course.stop.draining === undefined && !isCutShort(play, course))
    await course.once({ type: 'play_finished', ...title });
}

async function runBatch(play: PlannedPlay, batch: Batch, limits: Limits, course: Course): Promise<void> {
  const title = { play: play.name, playNumber: play.number, batch: batch.number };
  const opening = { type: 'batch_started' as const, ...title, hosts: batch.hosts };
  const isNew = !course.milestones.has(opening);
  if (isNew) await course.pause.over(course.stop.drained);
  if (isNew && course.stop.draining !== undefined) return;
  await course.once(opening);
  await letBegin(play, batch, course);
  await goRounds(play, batch, limits, course);
  if (isUnfinished(play, batch, course)) return;
  const closing = { type: 'batch_finished' as const, ...title };
  const reason = course.dryRun === undefined ? reasonToPauseAfter(play, batch) : undefined;
  // Before the batch counts as finished: a break in between must not lose it.
  if (reason !== undefined && !course.milestones.has(closing)) await course.take({ type: 'run_paused', reason });
  await course.once(closing);
}

/** What is known from before a break comes first: who is turned away, who may try again, and whether too much has failed. */
async function letBegin(play: PlannedPlay, batch: Batch, course: Course): Promise<void> {
  for (const host of batch.hosts) {
    const reason = course.out.reasonFor(host);
    if (reason !== undefined) await course.refuse(play, batch, host, reason);
  }
  course.askAgain(play, batch);
  course.reopen(play, batch);
  for (const host of batch.hosts) await judgeFailures({ play, batch, host }, course);
}

/** Round by round, until nobody is left who may go on. */
async function goRounds(play: PlannedPlay, batch: Batch, limits: Limits, course: Course): Promise<void> {
  for (;;) {
    const ready = readyHosts(play, batch, course);
    if (ready.length === 0 && !isHeldUp(play, batch, course)) return;
    if (ready.length === 0) await course.pause.over(course.stop.drained);
    await Promise.all(
      ready.map(({ host, from }) => {
        const go = () => goAlongOrBreakOff({ play, batch, host }, from, limits, course);
        return course.windows.has(host) ? go() : limits.hosts(go);
      }),
    );
  }
}

function isHeldUp(play: PlannedPlay, batch: Batch, course: Course): boolean {
  return batch.hosts.some((host) => {
    const where = course.whereabouts(play, host);
    return where.kind === 'next' && course.isLetIn(play, host) && course.isHeldUp(host, where);
  });
}

/** Hosts were left out because no more were let in. */
function isCutShort(play: PlannedPlay, course: Course): boolean {
  if (course.letsAllIn || course.history(play).hasEnded) return false;
  return play.batches.some((batch) => isUnfinished(play, batch, course));
}

/** A batch of which no host has begun is not begun when no more are let in. */
function mayBegin(play: PlannedPlay, batch: Batch, course: Course): boolean {
  return batch.hosts.some((host) => course.isLetIn(play, host));
}

function isUnfinished(play: PlannedPlay, batch: Batch, course: Course): boolean {
  return batch.hosts.some((host) => !course.out.has(host) && course.whereabouts(play, host).kind === 'next');
}

interface Ready {
  readonly host: string;
  readonly from: number;
}

/** Who may go next. Linear: those that are furthest behind, up to the next common place. Pinned: everyone, to the end. */
function readyHosts(play: PlannedPlay, batch: Batch, course: Course): readonly Ready[] {
  const history = course.history(play);
  const ready = batch.hosts.flatMap((host): Ready[] => {
    if (course.out.has(host) || !course.isLetIn(play, host)) return [];
    const where = course.whereabouts(play, host);
    return where.kind === 'next' && course.mayGoOn(host, where) ? [{ host, from: history.placeOf(where) }] : [];
  });
  if (play.strategy === 'host_pinned')
    return ready.toSorted((a, b) => Number(history.hasBegun(b.host)) - Number(history.hasBegun(a.host)));
  const behind = Math.min(...ready.map(({ from }) => from));
  return ready.filter(({ from }) => from === behind);
}

async function goAlongOrBreakOff(...[spot, from, limits, course]: Parameters<typeof goAlong>) {
  try {
    await goAlong(spot, from, limits, course);
  } catch (error) {
    course.breakOff(spot.host, error);
  }
}

/** Takes a host along while it need not wait for others: through one task or one whole window, or, pinned, to the end. */
async function goAlong(spot: Spot, from: number, limits: Limits, course: Course): Promise<void> {
  const { play, batch, host } = spot;
  for (let first = true; ; first = false) {
    await leaveWindow(spot, course.whereabouts(play, host), course);
    const where = course.whereabouts(play, host);
    const mayGo =
      where.kind === 'next' &&
      (play.strategy === 'host_pinned' || course.history(play).placeOf(where) === from) &&
      isAdmitted(play, host, where, first, course);
    if (!mayGo) return;
    if (!(await enterWindow(spot, where, course))) return;
    const throttle = throttleOf(where.task, spot, course);
    const taken = await limits.throttled(where.task.id, throttle, async () =>
      // The run may have been stopped while this host waited for its turn.
      isAdmitted(play, host, where, first, course) ? takeOneStep(spot, where, course) : 'left',
    );
    if (taken === 'left') return;
    course.askAgain(play, batch);
    await judgeFailures(spot, course);
  }
}

/** Within a round of a linear play a task that has begun in the batch is done on all of it; windows are asked for each host. */
function isAdmitted(play: PlannedPlay, host: string, where: Next, first: boolean, course: Course): boolean {
  if (!course.isLetIn(play, host)) return false;
  if (play.strategy === 'linear' && first && where.window === undefined)
    return course.stop.draining === undefined && !course.pause.isOn && !course.out.has(host);
  return course.mayGoOn(host, where);
}
