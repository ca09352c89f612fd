import { guardAfterSeconds, type Prospect } from '../gates/window.ts';
import { closeScript, lookScript, openScript, readWindow, type Said } from '../gates/window-script.ts';
import type { PlannedTask, Timed } from '../plan/plan.ts';
import type { BlockNode } from '../plan/tree.ts';
import type { Script } from '../shell/script.ts';
import { durationMs } from '../source/duration.ts';
import type { Course } from './course.ts';
import { text } from './keywords.ts';
import { Misjudged } from './misjudged.ts';
import { tell } from './perform.ts';
import { siteOf } from './site.ts';
import { addressOf, type Spot } from './spot.ts';
import type { Attempted } from './step.ts';
import type { Next } from './walk.ts';

/** A window's first task stands for its rights. */
type AtWindow = Pick<Next, 'task' | 'window'>;

/** What a host says of its window; `isSilent`: it gave no answer. */
type Heard = Said & { readonly isSilent: boolean };

/** The window's figures on a host, or what is wrong with them. */
export function prospectOf(timed: Timed, spot: Spot, where: Next, course: Course): Prospect | string {
  const step = stepAt(spot, where, course);
  const read = (written: string, keyword: string): number => {
    const rendered = text(step, written, keyword);
    const ms = durationMs(rendered);
    if (ms === undefined) throw new Misjudged(`${keyword}: "${rendered}" is no duration, such as 15m or 900`);
    return ms / 1000;
  };
  try {
    const declaredSeconds = timed.expected === undefined ? undefined : read(timed.expected, 'expected');
    const expectedSeconds = course.windows.expectedSeconds(where.window?.id ?? '', declaredSeconds);
    return {
      lengthSeconds: read(timed.length, 'length'),
      reserveSeconds: read(timed.reserve, 'reserve'),
      ...(declaredSeconds === undefined ? {} : { declaredSeconds }),
      ...(expectedSeconds === undefined ? {} : { expectedSeconds }),
    };
  } catch (error) {
    if (error instanceof Misjudged) return `the window's ${error.message}`;
    throw error;
  }
}

export function askToOpen(prospect: Prospect, spot: Spot, where: Next, course: Course): Promise<Heard> {
  return ask(openScript(openingOf(prospect, spot, where, course)), 'work', spot, where, course);
}

export function askToClose(name: string, spot: Spot, block: BlockNode, course: Course): Promise<Heard> {
  return ask(closeScript(name), 'work', spot, { task: anyTaskOf(block, spot), window: block }, course);
}

/** How much of its time is left, and whether its guard has fired. */
export function askHowItStands(name: string, spot: Spot, where: Next, course: Course): Promise<Heard> {
  return ask(lookScript(name), 'probe', spot, where, course);
}

function openingOf(prospect: Prospect, spot: Spot, where: Next, course: Course) {
  const guard = where.window?.window?.timed?.guard;
  return {
    name: where.window?.window?.name ?? '',
    run: `${course.world.run}, as ${spot.host}`,
    lengthSeconds: Math.floor(prospect.lengthSeconds),
    ...(guard === undefined || 'none' in guard
      ? {}
      : {
          guard: {
            command: text(stepAt(spot, where, course), guard.command, 'guard'),
            afterSeconds: guardAfterSeconds(prospect),
          },
        }),
  };
}

async function ask(
  script: Script,
  purpose: 'probe' | 'work',
  spot: Spot,
  where: AtWindow,
  course: Course,
): Promise<Heard> {
  const step = stepAt(spot, where, course);
  const answer = await tell(script, purpose, siteOf(step, step.variables.scope(step.at)));
  if (answer.ok) return { ...readWindow(answer.stdout), isSilent: false };
  return { refused: answer.message, hasFired: false, isSilent: true };
}

/** The window itself as a step, for what is sent on its behalf. */
function stepAt(spot: Spot, { task, window }: AtWindow, course: Course): Attempted {
  const patience = course.windows.of(spot.host)?.patience;
  return {
    world: course.world,
    variables: course.variables,
    at: { ...spot, task },
    address: {
      ...addressOf(spot),
      task: `window ${window?.window?.name ?? ''}`,
      taskId: window?.id ?? task.id,
    },
    check: false,
    diff: false,
    mask: course.mask,
    noLog: false,
    ...(patience === undefined ? {} : { patience }),
  };
}

function anyTaskOf(window: BlockNode, { play }: Spot): PlannedTask {
  const task = play.tasks.find(({ blocks }) => blocks.some(({ id }) => id === window.id));
  if (task === undefined) throw new Error(`window ${window.id} has no task`);
  return task;
}
