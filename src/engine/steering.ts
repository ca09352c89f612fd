import type { Result } from '../actions/action.ts';
import { unreachable, type ValueMap } from '../source/value.ts';
import { ABANDONED } from './perform.ts';
import type { World } from './world.ts';

/** `meta`: what it says about the host, the batch or the play; the walk reads `ends`. */
export function steer(params: ValueMap): Result {
  switch (params.action) {
    case 'end_host':
      return { changed: false, ends: 'host', msg: 'this host ends here' };
    case 'end_batch':
      return { changed: false, ends: 'batch', msg: 'this batch ends here' };
    case 'end_play':
      return { changed: false, ends: 'play', msg: 'this play ends here' };
    default:
      return { changed: false };
  }
}

/** `pause`: for a time, or until a person says to go on. Whoever stops the run ends it too; resumed, it begins anew. */
export async function pause(
  params: ValueMap,
  title: string,
  world: World,
  abort: AbortSignal,
): Promise<Result | typeof ABANDONED> {
  const seconds = secondsOf(params);
  if (seconds !== undefined && params.prompt === undefined) {
    await world.clock.sleep(seconds * 1000, abort).catch(() => undefined);
    return abort.aborted ? ABANDONED : { changed: false, rc: 0, delta: seconds, user_input: '' };
  }
  const started = world.clock.monotonic();
  const prompt = typeof params.prompt === 'string' ? params.prompt : `${title}: press Enter to go on`;
  const answer = await world.operator.pause(prompt, {
    ...(seconds === undefined ? {} : { seconds }),
    echo: params.echo !== false,
    abort,
  });
  const delta = Math.round((world.clock.monotonic() - started) / 1000);
  switch (answer.kind) {
    case 'continue':
      return { changed: false, rc: 0, delta, user_input: answer.typed };
    case 'aborted':
      return ABANDONED;
    case 'nobody':
      return {
        changed: false,
        failed: true,
        msg: 'there is no terminal to ask at; run with --yes to go on without asking',
      };
    default:
      return unreachable(answer);
  }
}

function secondsOf(params: ValueMap): number | undefined {
  if (typeof params.seconds === 'number') return params.seconds;
  return typeof params.minutes === 'number' ? params.minutes * 60 : undefined;
}
