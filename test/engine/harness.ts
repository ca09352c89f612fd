import type { Bastion, Clock } from '../../src/actions/action.ts';
import type { Note } from '../../src/actions/ledger/note.ts';
import type { Connection, Connections, RunOptions, Target } from '../../src/connection/connection.ts';
import type { Assignment } from '../../src/engine/assignment.ts';
import type { DryRun } from '../../src/engine/dry-run.ts';
import { Orders } from '../../src/engine/orders.ts';
import { runPlan } from '../../src/engine/run.ts';
import { Stop } from '../../src/engine/stop.ts';
import type { Operator } from '../../src/engine/world.ts';
import { createExpressions } from '../../src/expressions/expressions.ts';
import { readInventory } from '../../src/inventory/read.ts';
import type { RunEvent, StepAddress } from '../../src/journal/event.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { makePlan } from '../../src/plan/make.ts';
import { readPlaybook } from '../../src/playbook/read.ts';
import type { Outcome, Transferred } from '../../src/shell/outcome.ts';
import { show } from '../../src/shell/script.ts';
import type { Files } from '../../src/source/files.ts';
import { describeMistake, Mistakes } from '../../src/source/mistakes.ts';

/** Files that exist only in a test. */
export function filesOf(texts: Readonly<Record<string, string>>): Files {
  return {
    look: (path) => {
      const text = texts[path];
      return text === undefined ? { kind: 'absent' } : { kind: 'file', bytes: new TextEncoder().encode(text) };
    },
  };
}

/** What a simulated host answers to a command; a number is an exit code. */
export type Answers = (
  host: string,
  command: string,
) => number | Partial<{ code: number; stdout: string; unreachable: string; lost: string }> | Promise<number>;

export interface Setup {
  readonly playbook: string;
  readonly inventory?: string;
  readonly answers?: Answers;
  /** Told of each command that is sent. */
  readonly onSend?: (command: string, options: RunOptions) => void;
  /** Milliseconds that a command takes; else nothing takes any time. */
  readonly passes?: (command: string) => number;
  /** Commands that never come to an end by themselves, only when they are let go of. */
  readonly hangs?: (host: string, command: string) => boolean;
  readonly past?: readonly RunEvent[];
  readonly limit?: string;
  readonly forks?: number;
  readonly operator?: Partial<Operator>;
  readonly clock?: Clock;
  readonly refused?: ReadonlyMap<string, string>;
  readonly only?: ReadonlySet<string>;
  readonly dryRun?: DryRun;
  /** What a server answers to the bastion. */
  readonly http?: (url: string) => Awaited<ReturnType<Bastion['http']>>;
  /** The ledger, by `host name`; filled by the run. */
  readonly notes?: Map<string, Note>;
  /** Why nothing can be written to the ledger. */
  readonly ledgerFault?: string;
  /** Called at each recorded event; may stop the run. */
  readonly onRecord?: (event: RunEvent, stop: Stop, orders: Orders) => void;
  /** Called once, when nothing more happens by itself. */
  readonly whenIdle?: (stop: Stop, orders: Orders) => void;
  /** After so many recorded events the machine dies: nothing is recorded or run any more. */
  readonly dieAfter?: number;
}

/** The machine died: everything under way is gone. */
class Died extends Error {}

export interface Ran {
  readonly events: readonly RunEvent[];
  /** `host: command`, in the order in which they were sent. */
  readonly sent: readonly string[];
  /** `host task status`, in the order in which they ended. */
  readonly steps: readonly string[];
  readonly died: boolean;
}

export const HOSTS = (count: number) => `${Array.from({ length: count }, (_, index) => `h${index + 1}`).join('\n')}\n`;

/** Plans and runs a playbook on simulated hosts, in no time. */
export async function run(setup: Setup): Promise<Ran> {
  const events: RunEvent[] = [];
  const sent: string[] = [];
  const notes = setup.notes ?? new Map<string, Note>();
  const stop = new Stop();
  const orders = new Orders();
  let recorded = 0;
  const alive = () => {
    if (setup.dieAfter !== undefined && recorded >= setup.dieAfter) throw new Died();
  };
  const { plan, secrets, expressions } = planOf(setup);
  const clock = setup.clock ?? stillClock();
  const assignment: Assignment = {
    plan,
    secrets,
    // A test may leave out when things happened.
    past: (setup.past ?? []).map((event) => stamp(event, new Date(0))),
    stop,
    orders,
    playbookDir: '/play',
    refused: setup.refused ?? new Map(),
    ...(setup.only === undefined ? {} : { only: setup.only }),
    ...(setup.dryRun === undefined ? {} : { dryRun: setup.dryRun }),
    world: {
      connections: simulated(setup, sent, alive, clock),
      bastion: {
        ledger: {
          latest: (host, name) => ({ ok: true, facts: notes.get(`${host} ${name}`) }),
          seenAt: () => undefined,
        },
        read: async () => ({ ok: false, why: 'not here' }),
        digest: async () => ({ ok: false, why: 'not here' }),
        icmp: async () => ({ kind: 'alive' }),
        tcp: async () => ({ kind: 'open' }),
        http: async ({ url }) => setup.http?.(url) ?? { kind: 'silent', why: 'nobody is there' },
      },
      keep: async () => ({ kind: 'done' }),
      clock,
      expressions,
      record: async (event) => {
        alive();
        recorded += 1;
        events.push(JSON.parse(JSON.stringify(event)) as RunEvent);
        setup.onRecord?.(event, stop, orders);
        return true;
      },
      report: () => undefined,
      note: async (host, note) => {
        alive();
        if (setup.ledgerFault !== undefined) return setup.ledgerFault;
        notes.set(`${host} ${note.name}`, note);
        return undefined;
      },
      operator: {
        pause: async () => ({ kind: 'continue', typed: '' }),
        resolve: async () => 'nobody',
        ...setup.operator,
      },
      run: '20260101-000000-test of tester on bastion',
      localPath: (path) => path,
    },
  };
  // Nothing here takes time: what can happen has happened before the event loop turns.
  const idle = setImmediate(() => setup.whenIdle?.(stop, orders));
  const died = await runPlan(assignment).then(
    () => false,
    (error: unknown) => {
      if (error instanceof Died) return true;
      throw error;
    },
  );
  clearImmediate(idle);
  return { events, sent, steps: stepsOf(events), died };
}

export function planOf({
  playbook,
  inventory = HOSTS(3),
  limit,
  forks = 10,
}: Pick<Setup, 'playbook' | 'inventory' | 'limit' | 'forks'>) {
  const mistakes = new Mistakes();
  const files = filesOf({ 'site.yml': playbook, hosts: inventory });
  const read = readPlaybook('site.yml', files, mistakes);
  const found = readInventory(['hosts'], files, mistakes);
  const expressions = createExpressions();
  const made =
    read.playbook === undefined
      ? undefined
      : makePlan(
          {
            playbook: read.playbook,
            inventory: found.inventory,
            extraVars: {},
            ...(limit === undefined ? {} : { limit }),
            forks,
            tags: [],
            skipTags: [],
            seed: 1,
            ends: new Map(),
            files,
            expressions,
          },
          [],
          mistakes,
        );
  if (made === undefined) throw new Error(mistakes.all.map(describeMistake).join('\n'));
  return { ...made, expressions };
}

export function stepsOf(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'step_finished' ? [`${event.host} ${event.task} ${event.status}`] : [],
  );
}

/** The results that steps registered, by `host task`. */
export function resultsOf(events: readonly RunEvent[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    events.flatMap((event) => (event.type === 'step_finished' ? [[keyOf(event), event.result]] : [])),
  );
}

const keyOf = ({ host, task }: Pick<StepAddress, 'host' | 'task'>) => `${host} ${task}`;

/** Time passes only where somebody sleeps. */
function stillClock(): Clock {
  let now = 0;
  return {
    monotonic: () => now,
    now: () => new Date(now),
    sleep: async (ms, abort) => {
      abort?.throwIfAborted();
      now += ms;
    },
  };
}

function simulated(
  { answers = () => 0, hangs, onSend, passes }: Setup,
  sent: string[],
  alive: () => void,
  clock: Clock,
): Connections {
  const connectionTo = (target: Target): Connection => {
    const host = target.kind === 'ssh' ? target.name : 'local';
    return {
      run: async (script, options) => {
        alive();
        const command = asWritten(show(script));
        onSend?.(command, options);
        sent.push(`${host}: ${command}`);
        if (hangs?.(host, command) === true) return letGo(options.abort);
        if (passes !== undefined) await clock.sleep(passes(command));
        const answer = await answers(host, command);
        alive();
        return outcomeOf(answer);
      },
      upload: async (): Promise<Transferred> => ({ kind: 'done' }),
      append: async (): Promise<Transferred> => ({ kind: 'done' }),
      download: async (): Promise<Transferred> => ({ kind: 'done' }),
    };
  };
  return { to: connectionTo, reach: () => undefined, close: async () => undefined };
}

function letGo(abort: AbortSignal | undefined): Promise<Outcome> {
  const aborted: Outcome = { kind: 'aborted', left: '', stdout: new Uint8Array(), stderr: new Uint8Array() };
  if (abort?.aborted === true) return Promise.resolve(aborted);
  return new Promise((done) => abort?.addEventListener('abort', () => done(aborted), { once: true }));
}

/** The command as the playbook wrote it, without the shell around it. */
function asWritten(command: string): string {
  const inside = /^\/bin\/sh -c '(.*)'$/s.exec(command)?.[1];
  return inside === undefined ? command : inside.replaceAll("'\\''", "'");
}

function outcomeOf(answer: Awaited<ReturnType<Answers>>): Outcome {
  const given = typeof answer === 'number' ? { code: answer } : answer;
  const output = { stdout: new TextEncoder().encode(given.stdout ?? ''), stderr: new Uint8Array() };
  if (given.unreachable !== undefined) return { kind: 'unreachable', reason: given.unreachable, ...output };
  if (given.lost !== undefined) return { kind: 'lost', reason: given.lost, ...output };
  return { kind: 'exited', code: given.code ?? 0, ...output };
}
