import type { PlannedPlay } from '../plan/plan.ts';
import type { Course } from './course.ts';
import { type Spot, spotsIn } from './spot.ts';
import { takeOneStep } from './take.ts';
import { enterAgain, leaveWindow } from './windows.ts';

/**
 * Brings hosts out of the windows that a break left them in: before anything else is done, all at once, those with the
 * least time left first.
 */
export async function bringHome(plays: readonly PlannedPlay[], course: Course): Promise<void> {
  const home = leftOpen(plays, course).map((spot) =>
    comeHome(spot, course).catch((error: unknown) => course.breakOff(spot.host, error)),
  );
  await Promise.all(home);
}

function leftOpen(plays: readonly PlannedPlay[], course: Course): readonly Spot[] {
  const deadlineOf = ({ host }: Spot) => course.windows.of(host)?.deadlineMs ?? Number.MAX_VALUE;
  return plays
    .flatMap(spotsIn)
    .filter(({ play, host }) => !course.out.has(host) && course.windowOf(play, host) !== undefined)
    .toSorted((a, b) => deadlineOf(a) - deadlineOf(b));
}

async function comeHome(spot: Spot, course: Course): Promise<void> {
  const { play, host } = spot;
  const first = course.whereabouts(play, host);
  if (first.kind === 'next' && !(await enterAgain(spot, first, course))) return;
  for (;;) {
    const where = course.whereabouts(play, host);
    await leaveWindow(spot, where, course);
    if (!course.windows.has(host) || where.kind !== 'next') return;
    if ((await takeOneStep(spot, where, course)) === 'left') return;
  }
}
