import type { Result } from '../actions/action.ts';
import { admit, leftSeconds, type Prospect } from '../gates/window.ts';
import type { Said } from '../gates/window-script.ts';
import type { BlockNode } from '../plan/tree.ts';
import type { Course } from './course.ts';
import { addressOf, type Spot } from './spot.ts';
import type { Next, Whereabouts } from './walk.ts';
import { windowName } from './window-blocks.ts';
import { askHowItStands, askToClose, askToOpen, prospectOf } from './window-host.ts';

/** Lets a host into the window that comes next, if any; false: it was turned away, or nothing may begin. */
export async function enterWindow(spot: Spot, where: Next, course: Course): Promise<boolean> {
  const window = where.window?.window;
  if (where.window === undefined || window === undefined || course.windows.has(spot.host)) return true;
  if (course.dryRun !== undefined) return mayEnter(window, spot, where, course);
  if (window.timed === undefined) return recordEntry(spot, where.window, undefined, course);
  const prospect = prospectOf(window.timed, spot, where, course);
  if (typeof prospect === 'string') return turnAway(prospect, spot, course);
  const verdict = admit(prospect);
  if (!verdict.open) return turnAway(`window "${window.name}" was not opened: ${verdict.reason}`, spot, course);
  // In the journal first: a host that has opened it and a bastion that does not know of it must not come about.
  if (!(await recordEntry(spot, where.window, prospect, course))) return false;
  return openOnHost(prospect, spot, where, course);
}

/**
 * A break may have come between the journal's word and the host's: before anything is done in a window the host is told
 * again, which it takes for the same. False: it was turned away.
 */
export async function enterAgain(spot: Spot, where: Next, course: Course): Promise<boolean> {
  const window = where.window?.window;
  if (where.window === undefined || window?.timed === undefined || hasBegun(spot, where, where.window, course))
    return true;
  const prospect = prospectOf(window.timed, spot, where, course);
  if (typeof prospect !== 'string') return openOnHost(prospect, spot, where, course);
  await recordExit(spot, { kind: 'through' }, course);
  return turnAway(prospect, spot, course);
}

function hasBegun(spot: Spot, where: Next, window: BlockNode, course: Course): boolean {
  return (
    course.hasTouched(spot.play, spot.host, window) ||
    course.isUnknown({ ...addressOf(spot), taskId: where.task.id }, [spot.host])
  );
}

async function openOnHost(prospect: Prospect, spot: Spot, where: Next, course: Course): Promise<boolean> {
  const said = await askToOpen(prospect, spot, where, course);
  if (said.opened !== undefined) return true;
  await recordExit(spot, { kind: 'through' }, course);
  const name = where.window?.window?.name ?? '';
  return turnAway(`window "${name}" was not opened: ${said.refused ?? 'the host gave no answer'}`, spot, course);
}

/** A dry run asks whether the host would be let in, and opens nothing. What only the host decides keeps nobody out. */
async function mayEnter(
  window: NonNullable<BlockNode['window']>,
  spot: Spot,
  where: Next,
  course: Course,
): Promise<boolean> {
  const prospect = window.timed === undefined ? '' : prospectOf(window.timed, spot, where, course);
  if (typeof prospect === 'string') return true;
  const verdict = admit(prospect);
  return verdict.open || turnAway(`window "${window.name}" would not be opened: ${verdict.reason}`, spot, course);
}

async function turnAway(reason: string, { play, batch, host }: Spot, course: Course): Promise<false> {
  await course.refuse(play, batch, host, reason);
  return false;
}

/** Closes the window that the host has come out of, on the host too: its guard is disarmed before the journal says so. */
export async function leaveWindow(spot: Spot, where: Whereabouts, course: Course): Promise<void> {
  const open = course.windowOf(spot.play, spot.host);
  if (open === undefined || (where.kind === 'next' && where.window?.id === open.id)) return;
  if (open.window?.timed !== undefined) {
    const said = await askToClose(open.window.name, spot, open, course);
    const message = noteAtTheEnd(said, open.window.name);
    if (message !== undefined) course.world.report({ type: 'warning', host: spot.host, message });
  }
  await recordExit(spot, where, course);
}

/** False when the journal does not hold it, and the window must not be entered. */
async function recordEntry(
  spot: Spot,
  window: BlockNode,
  prospect: Prospect | undefined,
  { world, windows, stop }: Course,
): Promise<boolean> {
  const isOnDisk = await world.record({
    type: 'window_opened',
    ...addressOf(spot),
    window: window.window?.name ?? window.id,
    ...(prospect === undefined ? {} : { lengthMs: prospect.lengthSeconds * 1000 }),
  });
  if (isOnDisk) windows.enter(spot.host, window.id, world.clock.monotonic(), prospect?.declaredSeconds);
  else stop.drain('the journal cannot be written');
  return isOnDisk;
}

async function recordExit(spot: Spot, where: Whereabouts, { world, windows }: Course): Promise<void> {
  const stay = windows.of(spot.host);
  if (stay === undefined) return;
  windows.leave(spot.host);
  await world.record({ type: 'window_closed', ...addressOf(spot), window: windowName(spot.play, stay.window) });
  if (where.kind !== 'failed' && where.kind !== 'unreachable') windows.learn(stay, world.clock.monotonic());
}

function noteAtTheEnd(said: Said & { readonly isSilent: boolean }, name: string): string | undefined {
  if (said.hasFired) return `the guard of window "${name}" has fired on this host: see what it did`;
  if (said.isSilent)
    return `window "${name}" could not be closed on this host, and its guard may fire still: systemctl stop rollgate-guard-${name}.timer`;
  return undefined;
}

/** Where the window's last part has to begin now: why. Asked before each task of its block. */
export async function windowIsOver(spot: Spot, where: Next, course: Course): Promise<Result | undefined> {
  const window = where.window?.window;
  const inBlock = where.task.blocks.some(({ id, part }) => id === where.window?.id && part === 'block');
  if (window?.timed === undefined || !inBlock || !course.windows.has(spot.host)) return undefined;
  const prospect = prospectOf(window.timed, spot, where, course);
  if (typeof prospect === 'string') return undefined;
  const said = await askHowItStands(window.name, spot, where, course);
  const why = reasonToEnd(said, prospect, course.windows.secondsIn(spot.host, course.world.clock.monotonic()));
  return why === undefined ? undefined : { changed: false, failed: true, degraded: true, msg: `not done: ${why}` };
}

function reasonToEnd(
  { opened, now, hasFired }: Said,
  { lengthSeconds, reserveSeconds }: Prospect,
  hereSeconds: number,
): string | undefined {
  if (hasFired) return 'the guard of this window has fired: what must finish comes now';
  // Where the host does not say, the clock of this machine that never goes back has to do.
  const isTold = opened !== undefined && now !== undefined;
  const left = isTold ? leftSeconds(opened, now, lengthSeconds) : lengthSeconds - hereSeconds;
  if (left === undefined) return 'the host was rebooted inside its window, which is void: what must finish comes now';
  if (left > reserveSeconds) return undefined;
  return `${Math.max(0, Math.floor(left))} s of the window are left, and ${reserveSeconds} s are kept for what must finish`;
}
