import { INSIDE } from './fate.ts';
import type { SimulatedHost, Span } from './host.ts';
import type { Happened, Simulated } from './simulate.ts';

/** What an engine may need to find a host again that has come back: its pause between attempts. */
const BACKOFF_MS = 5000;

/** What an engine has done that it must not do, host by host; empty: nothing. */
export function wrongs({ log, hosts }: Simulated): readonly string[] {
  const own = new Map([...hosts.keys()].map((name): [string, Happened[]] => [name, []]));
  for (const happened of log) if ('host' in happened.event) own.get(happened.event.host ?? '')?.push(happened);
  return [
    ...admittedWhileClosed(log),
    ...[...hosts].flatMap(([name, host]) => wrongsOn(name, host, own.get(name) ?? [])),
  ];
}

/** Whoever says to wait, or to stop, a spent budget too: from then on only hosts in a window take a step. */
function admittedWhileClosed(log: readonly Happened[]): readonly string[] {
  const inside = new Set<string>();
  let [isPaused, isOver] = [false, false];
  return log.flatMap(({ atMs, event }) => {
    switch (event.type) {
      case 'run_paused':
      case 'run_continued':
        isPaused = event.type === 'run_paused';
        return [];
      case 'drained':
      case 'stopping':
        isOver = true;
        return [];
      case 'window_closed':
        inside.delete(event.host);
        return [];
      case 'window_opened':
        inside.add(event.host);
        return isPaused || isOver ? [`${event.host} was let into its window at ${atMs} ms`] : [];
      case 'step_started':
        return (isPaused || isOver) && !inside.has(event.host)
          ? [`${event.host} began "${event.task}" outside its window at ${atMs} ms`]
          : [];
      default:
        return [];
    }
  });
}

function wrongsOn(name: string, host: SimulatedHost, own: readonly Happened[]): readonly string[] {
  const at = (type: string) => own.find(({ event }) => event.type === type)?.atMs;
  const [openedAt, closedAt] = [at('window_opened'), at('window_closed')];
  if (openedAt === undefined)
    return host.window === 'never opened' ? [] : [`${name} was in a window of which the journal knows nothing`];
  if (closedAt === undefined) return [`${name}: its window was never closed`];
  const { shutAtMs, restartedAtMs } = host;
  return [
    ...(host.window === 'open' ? [`${name}: its window is open on the host still`] : []),
    ...leftIdle(`${name} in its window`, [openedAt, closedAt], host),
    ...(shutAtMs === undefined
      ? []
      : leftIdle(`${name} with its sockets shut`, [shutAtMs, restartedAtMs ?? Number.POSITIVE_INFINITY], host)),
    ...(shutAtMs === undefined ? [] : leftOut(name, own)),
  ];
}

/** Time that nobody can be blamed for but the engine: no command of the host's own was under way, and its network was there. */
function leftIdle(what: string, span: Span, { busy, outages }: SimulatedHost): readonly string[] {
  const spans = [...busy, ...outages].map(([from, to]): Span => [Math.max(from, span[0]), Math.min(to, span[1])]);
  const idleMs = span[1] - span[0] - covered(spans);
  const allowedMs = BACKOFF_MS * outages.length;
  return idleMs > allowedMs ? [`${what} waited for ${idleMs} ms, and may for ${allowedMs} ms`] : [];
}

function covered(spans: readonly Span[]): number {
  let [sum, end] = [0, Number.NEGATIVE_INFINITY];
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}

const [LAST] = INSIDE.slice(-2);

/** The block and what must finish are each gone through until something fails; the second comes whatever became of the first. */
function leftOut(name: string, own: readonly Happened[]): readonly string[] {
  const status = new Map(
    own.flatMap(({ event }) => (event.type === 'step_finished' ? [[event.task, event.status] as const] : [])),
  );
  return INSIDE.flatMap((task, index) => {
    const before = INSIDE[index - 1];
    const isDue = index === 0 || task === LAST || (before !== undefined && status.get(before) === 'changed');
    return isDue && !status.has(task) ? [`${name}: "${task}" was left out`] : [];
  });
}
