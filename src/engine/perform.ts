import type { Action, Answer, Asked, Clock, Done, HostCommand, Result } from '../actions/action.ts';
import { failureOf } from '../actions/outcomes.ts';
import type { RunOptions } from '../connection/connection.ts';
import type { Outcome, Transferred } from '../shell/outcome.ts';
import type { Script } from '../shell/script.ts';
import { unreachable } from '../source/value.ts';
import { commandText, scriptText } from './command-text.ts';
import { foreseen } from './dry-run.ts';
import { MaskedLines } from './output.ts';
import { Patience } from './patience.ts';
import type { Site } from './site.ts';
import { transferProgress } from './transfer-progress.ts';

/** The operator let go of the step while it ran: what became of it is not known. */
export const ABANDONED = Symbol('abandoned');

type Purpose = 'probe' | 'work' | 'verify';

/** Probes, decides, works, verifies: one attempt of one action. */
export async function perform(action: Action, params: unknown, site: Site): Promise<Result | typeof ABANDONED> {
  try {
    return await attempt(action, params, site);
  } catch (error) {
    if (error instanceof LetGo) return ABANDONED;
    throw error;
  }
}

/** The operator let go of the step while it only waited. */
class LetGo extends Error {}

async function attempt(action: Action, params: unknown, site: Site): Promise<Result | typeof ABANDONED> {
  const probed = await action.probe(params, asked(site, 'probe'));
  if (!probed.ok) return unanswered(probed, site);
  const decision = action.decide(params, probed.facts);
  if (decision.kind === 'settled') return decision.result;
  const diff = site.diff && decision.diff !== undefined ? { diff: decision.diff } : {};
  if (site.check) return { ...foreseen(action, params, decision), ...diff };
  const done: Done[] = [];
  for (const command of decision.commands) {
    const startedAt = site.world.clock.now();
    const outcome = await sendOrAgain(command, site);
    if (outcome.kind === 'aborted') return ABANDONED;
    const failure = failureOf(outcome, site.limit?.ms);
    if (failure !== undefined) return { changed: done.length > 0, ...failure };
    done.push({ outcome, startedAt, endedAt: site.world.clock.now() });
    if (!succeeded(outcome)) break;
  }
  return verified(action, params, probed.facts, { ...decision.conclude(done), ...diff }, site);
}

async function verified(
  action: Action,
  params: unknown,
  before: unknown,
  result: Result,
  site: Site,
): Promise<Result | typeof ABANDONED> {
  if (action.verify === undefined || result.failed === true || result.refused === true) return result;
  const after = await action.probe(params, asked(site, 'verify'));
  if (!after.ok) return unanswered(after, site);
  const problem = action.verify(params, before, after.facts);
  return problem === undefined ? result : { ...result, failed: true, msg: problem };
}

function unanswered({ outcome, message }: Extract<Answer, { ok: false }>, site: Site): Result | typeof ABANDONED {
  if (outcome?.kind === 'aborted') return ABANDONED;
  const failure = outcome === undefined ? undefined : failureOf(outcome, site.limit?.ms);
  return { changed: false, ...(failure ?? { failed: true, msg: message }) };
}

function succeeded(outcome: Outcome | Transferred): boolean {
  return outcome.kind === 'done' || (outcome.kind === 'exited' && outcome.code === 0);
}

function asked(site: Site, purpose: Purpose): Asked {
  return {
    ask: (script) => ask(script, purpose, site),
    host: site.step.host,
    run: site.world.run,
    reach: () => site.world.connections.reach(site.target),
    bastion: site.world.bastion,
    clock: clockOf(site),
    check: site.check,
    localPath: site.world.localPath,
  };
}

/** A clock on which nobody sleeps on when the step is let go of. */
function clockOf({ world: { clock }, abort }: Site): Clock {
  const sleep = (ms: number) =>
    clock.sleep(ms, abort).catch((error: unknown) => {
      throw abort?.aborted === true ? new LetGo() : error;
    });
  return { ...clock, sleep };
}

async function ask(script: Script, purpose: Purpose, site: Site): Promise<Answer> {
  return answerOf(await patiently(site, site.patience !== undefined, () => run(script, purpose, site, {})));
}

/** Sends a script that may be sent again, and waits for a host that has gone to come back. */
export async function tell(script: Script, purpose: 'probe' | 'work', site: Site): Promise<Answer> {
  return answerOf(await patiently(site, true, () => run(script, purpose, site, {})));
}

function answerOf(outcome: Outcome): Answer {
  if (outcome.kind !== 'exited') return { ok: false, message: `the host gave no answer: ${outcome.kind}`, outcome };
  return { ok: true, code: outcome.code, stdout: decode(outcome.stdout), stderr: decode(outcome.stderr) };
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function sendOrAgain(command: HostCommand, site: Site): Promise<Outcome | Transferred> {
  return patiently(site, command.again === true, () => send(command, site));
}

const PAUSE_MS = 5000;

/** Tries again while the host is gone and may come back: what was not sent, and what may be sent twice. */
async function patiently<T extends Outcome | Transferred>(
  site: Site,
  mayBeSentTwice: boolean,
  attempt: () => Promise<T>,
): Promise<T> {
  const { clock } = site.world;
  const patience = site.patience ?? (mayBeSentTwice ? new Patience() : undefined);
  for (;;) {
    const startedMs = clock.monotonic();
    const outcome = await attempt();
    const hasHope = patience?.hasHope(outcome.kind, clock.monotonic()) === true;
    const wasSent = outcome.kind !== 'unreachable';
    if (!hasHope || (wasSent && !mayBeSentTwice) || site.abort?.aborted === true) return outcome;
    const goneSinceMs = wasSent ? clock.monotonic() : startedMs;
    await clock.sleep(PAUSE_MS, site.abort).catch(() => undefined);
    const waitedMs = clock.monotonic() - goneSinceMs;
    site.limit?.putOff(waitedMs);
    patience?.waited(waitedMs);
  }
}

async function send(command: HostCommand, site: Site): Promise<Outcome | Transferred> {
  const onProgress = transferProgress((text) =>
    site.world.report({ type: 'command_output', ...site.step, stream: 'stdout', text }),
  );
  const options = { ...limits(site), ...(site.become === undefined ? {} : { become: site.become }), onProgress };
  switch (command.kind) {
    case 'run':
      return run(command.script, 'work', site, {
        ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
        ...(command.chdir === undefined ? {} : { chdir: command.chdir }),
      });
    case 'upload':
      return announced(commandText(command), 'work', site, () =>
        site.connection.upload(command.from, command.to, { ...options, mode: command.mode }),
      );
    case 'append':
      return announced(commandText(command), 'work', site, () =>
        site.connection.append(command.from, command.to, options),
      );
    case 'download':
      return announced(commandText(command), 'work', site, () =>
        site.connection.download(command.from, command.to, options),
      );
    case 'keep':
      return announced(commandText(command), 'work', site, () => site.world.keep(command.to, command.bytes));
    default:
      return unreachable(command);
  }
}

async function run(script: Script, purpose: Purpose, site: Site, extra: RunOptions): Promise<Outcome> {
  const output = (stream: 'stdout' | 'stderr') =>
    new MaskedLines(site.mask, (text) => site.world.report({ type: 'command_output', ...site.step, stream, text }));
  const streams = { stdout: output('stdout'), stderr: output('stderr') };
  return announced(scriptText(script, extra.chdir), purpose, site, async () => {
    const outcome = await site.connection.run(script, {
      ...extra,
      ...limits(site),
      ...(site.become === undefined ? {} : { become: site.become }),
      environment: site.environment,
      // What a probe reads is for rollgate; what work prints is for people.
      ...(site.noLog || purpose !== 'work' ? {} : { onOutput: (stream, bytes) => streams[stream].add(bytes) }),
    });
    streams.stdout.end();
    streams.stderr.end();
    return outcome;
  });
}

function limits(site: Site): { readonly timeoutMs?: number; readonly abort?: AbortSignal } {
  return {
    ...(site.limit === undefined ? {} : { timeoutMs: site.limit.leftMs }),
    ...(site.abort === undefined ? {} : { abort: site.abort }),
  };
}

async function announced<T extends Outcome | Transferred>(
  what: string,
  purpose: Purpose,
  site: Site,
  act: () => Promise<T>,
): Promise<T> {
  const started = site.world.clock.monotonic();
  const where = site.delegatedTo === undefined ? {} : { where: site.delegatedTo };
  site.world.report({
    type: 'command_started',
    ...site.step,
    command: site.noLog ? '(hidden by no_log)' : site.mask(what),
    purpose,
    ...where,
  });
  const outcome = await act();
  site.world.report({
    type: 'command_finished',
    ...site.step,
    outcome: describe(outcome),
    ms: Math.round(site.world.clock.monotonic() - started),
  });
  return outcome;
}

function describe(outcome: Outcome | Transferred): string {
  switch (outcome.kind) {
    case 'exited':
      return `exit ${outcome.code}`;
    case 'signalled':
      return `ended by ${outcome.signal}`;
    case 'done':
      return 'done';
    case 'timed_out':
    case 'aborted':
      return outcome.kind.replace('_', ' ');
    default:
      return `${outcome.kind.replace('_', ' ')}: ${outcome.reason}`;
  }
}
