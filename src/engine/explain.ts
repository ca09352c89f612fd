import { judgeBudget, type Losses, type Lost } from '../gates/budget.ts';
import type { RunEvent } from '../journal/event.ts';
import { isOrderOfHost, saidBy } from '../journal/orders.ts';
import type { Progress } from '../journal/progress.ts';
import type { Batch, Plan, PlannedPlay } from '../plan/plan.ts';
import { isList, isMap, type ValueMap } from '../source/value.ts';
import { PlayHistory } from './history.ts';
import { LostThings } from './lost-things.ts';
import { type Whereabouts, whereabouts } from './walk.ts';

/** One thing that has to be so for a run, or a host in it, to go on. */
export interface Gate {
  readonly gate: string;
  readonly passed: boolean;
  /** With its figures. */
  readonly why: string;
  /** What would open it: words for `rollgate`, without the program's name. */
  readonly unblock?: string;
}

export interface Case {
  readonly plan: Pick<Plan, 'plays'>;
  readonly past: readonly RunEvent[];
  readonly progress: Progress;
  readonly run: string;
  readonly holder?: { readonly user: string; readonly pid: number; readonly since: string };
  /** Folds names for people. */
  readonly fold: (hosts: readonly string[]) => string;
  /** Why a step did not succeed, for people. */
  readonly reason: (result: ValueMap) => string;
}

const passed = (gate: string, why: string): Gate => ({ gate, passed: true, why });
const failed = (gate: string, why: string, unblock?: string): Gate => ({
  gate,
  passed: false,
  why,
  ...(unblock === undefined ? {} : { unblock }),
});

/** Everything that a run as a whole goes by, passed or not. */
export function explainRun(given: Case): readonly Gate[] {
  const latest = latestBatch(given);
  return [...commonGates(given), ...(latest === undefined ? [] : [batchGate(latest.play, latest.batch, given)])];
}

/** What of the run concerns each of its hosts. */
function commonGates(given: Case): readonly Gate[] {
  const latest = latestBatch(given);
  return [
    processGate(given),
    pauseGate(given),
    ...given.progress.stops.map(({ reason, at }) =>
      failed('nothing has stopped it', `${reason} (${at})`, `resume ${given.run}`),
    ),
    ...(latest === undefined ? [] : [budgetGate(latest.play, latest.batch, given)]),
  ];
}

function latestBatch({ plan, progress }: Case) {
  const play = plan.plays.findLast(({ number }) => progress.plays.has(number));
  const batch = play?.batches.findLast(({ number }) => progress.plays.get(play.number)?.batches.has(number));
  return play === undefined || batch === undefined ? undefined : { play, batch };
}

function processGate({ progress: { finished }, holder, run }: Case): Gate {
  const gate = 'a process runs it';
  if (holder !== undefined) return passed(gate, `${holder.user} since ${holder.since} (pid ${holder.pid})`);
  if (finished?.exitCode === 0) return passed(gate, 'it came to its end with everything done');
  const why =
    finished === undefined
      ? 'it broke off'
      : `it ended at ${finished.at}: ${finished.reason} (exit code ${finished.exitCode})`;
  return failed(gate, why, `resume ${run}`);
}

function pauseGate({ progress: { paused }, run }: Case): Gate {
  const gate = 'nobody has said to wait';
  if (paused === undefined) return passed(gate, 'it is not paused');
  return failed(
    gate,
    `${paused.type === 'run_paused' ? 'paused' : 'aborted'} since ${paused.at} ${saidBy(paused)}`,
    `continue ${run} --reason "…"`,
  );
}

function budgetGate(play: PlannedPlay, batch: Batch, { past, progress, run, fold }: Case): Gate {
  const gate = 'less has gone wrong than the play bears';
  const inPlay = play.batches.flatMap(({ hosts }) => hosts).filter((host) => failedIn(play, host, progress));
  const spent = {
    inBatch: batch.hosts.filter((host) => inPlay.includes(host)).length,
    batchSize: batch.hosts.length,
    inPlay: inPlay.length,
    lost: lossesIn(play, past),
  };
  const verdict = judgeBudget(play, spent);
  const bounds = boundsText(play, batch, spent);
  if (verdict.open) return passed(gate, bounds);
  const why = `${verdict.reason}; ${bounds}; failed: ${fold(inPlay)}`;
  // To do a host anew takes back its failure, and no loss.
  if (play.maxLost !== undefined && spent.lost.length > play.maxLost)
    return failed(
      gate,
      `${why}; what was lost stays lost: this run begins no further host, begin another for the rest`,
    );
  return failed(gate, why, `restart ${run} ${inPlay[0] ?? 'HOST'} --reason "…"`);
}

function boundsText(play: PlannedPlay, batch: Batch, { inBatch, inPlay, lost }: Losses): string {
  return [
    `${inBatch} of ${batch.hosts.length} hosts of batch ${batch.number} failed (${play.maxFailPercentage === undefined ? 'all of them may not' : `more than ${play.maxFailPercentage} % may not`})`,
    `${inPlay} of the play${play.maxFailures === undefined ? '' : ` (at most ${play.maxFailures})`}`,
    `${lost.length} lost${play.maxLost === undefined ? '' : ` (at most ${play.maxLost})`}`,
  ].join(', ');
}

function lossesIn(play: PlannedPlay, past: readonly RunEvent[]): readonly Lost[] {
  const lost = new LostThings();
  for (const event of past) if (event.type === 'step_finished') lost.note(event);
  return lost.in(play);
}

function failedIn(play: PlannedPlay, host: string, { hosts, steps }: Progress): boolean {
  return [...(hosts.get(host)?.failures ?? [])].some((key) => steps.get(key)?.playNumber === play.number);
}

/** Whom the batch waits for: the next one begins when all of this are through. */
function batchGate(play: PlannedPlay, batch: Batch, given: Case): Gate {
  const gate = `batch ${batch.number} of ${play.batches.length} of play ${play.number} is through`;
  const places = placesIn(play, batch.hosts, given);
  const left = [...places].filter(
    ([host, { kind }]) => kind === 'next' && given.progress.hosts.get(host)?.refused === undefined,
  );
  if (left.length === 0)
    return passed(
      gate,
      `nothing is left to do on its ${batch.hosts.length === 1 ? 'host' : `${batch.hosts.length} hosts`}`,
    );
  const busy = left.flatMap(([host]) => stepUnderWay(host, given));
  const [slowest] = busy.toSorted((a, b) => (a.since < b.since ? -1 : 1));
  const hosts = `${left.length} of ${batch.hosts.length} hosts have something left to do: ${given.fold(left.map(([host]) => host))}`;
  if (slowest === undefined) return failed(gate, `${hosts}; nothing runs on them`);
  const at = `${slowest.host} at "${slowest.task}" since ${slowest.since}`;
  return given.holder === undefined
    ? failed(gate, `${hosts}; of ${busy.length} nobody knows whether it took what was begun, the first ${at}`)
    : failed(gate, `${hosts}; ${busy.length} at work, the longest ${at}`, `logs ${given.run} ${slowest.host} --follow`);
}

function stepUnderWay(host: string, { progress }: Case) {
  return [...(progress.hosts.get(host)?.started ?? [])].flatMap((key) => {
    const step = progress.steps.get(key);
    return step === undefined ? [] : [{ host, task: step.task, taskId: step.taskId, since: step.startedAt }];
  });
}

function placesIn(play: PlannedPlay, hosts: readonly string[], { past }: Case): ReadonlyMap<string, Whereabouts> {
  const history = historyOf(play, past);
  return new Map(hosts.map((host) => [host, whereabouts(history.tree, history.of(host))]));
}

function historyOf(play: PlannedPlay, past: readonly RunEvent[]): PlayHistory {
  const history = new PlayHistory(play);
  for (const event of past) {
    if (!('playNumber' in event) || event.playNumber !== play.number) continue;
    if (event.type === 'step_started') history.restart(event);
    if (event.type === 'step_finished') history.apply(event);
    if (isOrderOfHost(event)) history.obey(event);
  }
  return history;
}

/** The same for one host: what of the run concerns it, and what is its own. Undefined: no host of this run. */
export function explainHost(host: string, given: Case): readonly Gate[] | undefined {
  const { plan, progress } = given;
  const its = plan.plays.filter(({ batches }) => batches.some(({ hosts }) => hosts.includes(host)));
  const play =
    its.find((each) => failedIn(each, host, progress)) ??
    its.findLast(({ number }) => progress.plays.has(number)) ??
    its[0];
  const batch = play?.batches.find(({ hosts }) => hosts.includes(host));
  if (play === undefined || batch === undefined) return undefined;
  const [where] = placesIn(play, [host], given).values();
  const hasBegun = progress.plays.get(play.number)?.batches.has(batch.number) === true;
  return [
    ...commonGates(given),
    turnGate(play, batch, given),
    ...refusalGates(host, play, given),
    failureGate(host, play, given),
    ...(where === undefined || !hasBegun ? [] : [nextGate(host, play, batch, where, given)]),
  ];
}

function turnGate(play: PlannedPlay, batch: Batch, given: Case): Gate {
  const gate = `it is the turn of batch ${batch.number} of play ${play.number}`;
  const begun = given.progress.plays.get(play.number)?.batches;
  if (begun?.has(batch.number) === true) return passed(gate, `begun at ${begun.get(batch.number)?.startedAt}`);
  const before = play.batches.filter(
    ({ number }) => number < batch.number && begun?.get(number)?.finishedAt === undefined,
  );
  if (before.length === 0) return failed(gate, 'it has not begun yet');
  const [first] = before;
  const left = first === undefined ? '' : batchGate(play, first, given).why;
  return failed(
    gate,
    `${before.length} ${before.length === 1 ? 'batch comes' : 'batches come'} before it; batch ${first?.number}: ${left}`,
  );
}

function refusalGates(host: string, play: PlannedPlay, { progress, run }: Case): readonly Gate[] {
  const steps = [...progress.steps.values()].filter((step) => step.host === host && step.playNumber === play.number);
  const checks = steps.flatMap((step) => {
    if (step.status === 'started' || step.noLog || !isList(step.result.checks)) return [];
    return step.result.checks.filter(isMap).map((check) => ({
      gate: `${step.task}: ${String(check.check)}`,
      passed: check.passed === true,
      why: String(check.why),
    }));
  });
  const said = steps.findLast(({ status }) => status === 'refused');
  const stepReason =
    said === undefined || said.status === 'started' ? undefined : `"${said.task}": ${String(said.result.msg ?? '')}`;
  const reason = progress.hosts.get(host)?.refused ?? stepReason;
  const gate = 'it has not been turned away';
  if (reason === undefined) return [...checks, passed(gate, 'by nobody')];
  const unblock = reason.startsWith('skipped ') ? `restart ${run} ${host} --reason "…"` : `resume ${run}`;
  return [...checks, failed(gate, reason, unblock)];
}

function failureGate(host: string, play: PlannedPlay, { progress, run, reason }: Case): Gate {
  const gate = 'it has not failed';
  const steps = [...(progress.hosts.get(host)?.failures ?? [])].map((key) => progress.steps.get(key));
  const step = steps.findLast((each) => each?.playNumber === play.number);
  if (step === undefined || step.status === 'started') return passed(gate, 'in this play');
  const why = step.noLog ? 'hidden by no_log' : reason(step.result);
  return failed(
    gate,
    `${step.status} at "${step.task}" (${step.taskId}): ${why}`,
    `restart ${run} ${host} ${step.taskId} --reason "…"`,
  );
}

/** What it does, or whom it waits for. */
function nextGate(host: string, play: PlannedPlay, batch: Batch, where: Whereabouts, given: Case): Gate {
  const gate = 'it may take its next step';
  const [busy] = stepUnderWay(host, given);
  const window = given.progress.openWindows.get(host);
  if (window !== undefined)
    return passed(
      gate,
      `it has been in window "${window.window}" since ${window.since}${busy === undefined ? '' : `, at "${busy.task}" since ${busy.since}`}`,
    );
  if (where.kind !== 'next') return passed(gate, `it has nothing more to do in this play (${where.kind})`);
  if (busy !== undefined && given.holder === undefined)
    return failed(
      gate,
      `"${busy.task}" (${busy.taskId}) was begun at ${busy.since}, and nobody knows whether it took`,
      `resume ${given.run}`,
    );
  if (busy !== undefined)
    return passed(
      gate,
      `it takes "${busy.task}" (${busy.taskId}) since ${busy.since}; if it never ends: force ${given.run} ${host} ${busy.taskId}`,
    );
  const next = `next is "${where.task.name}" (${where.task.id})`;
  const behind = play.strategy === 'linear' ? othersBehind(play, batch, where, given) : [];
  if (behind.length === 0) return passed(gate, next);
  const [first] = behind.flatMap((other) => stepUnderWay(other, given));
  return failed(
    gate,
    `${next}, and waits until the batch has come so far: ${given.fold(behind)}${first === undefined ? '' : `; ${first.host} has been at "${first.task}" since ${first.since}`}`,
    first === undefined ? undefined : `logs ${given.run} ${first.host} --follow`,
  );
}

function othersBehind(
  play: PlannedPlay,
  batch: Batch,
  { position }: { readonly position: number },
  given: Case,
): readonly string[] {
  return [...placesIn(play, batch.hosts, given)]
    .filter(
      ([host, where]) =>
        where.kind === 'next' && where.position < position && given.progress.hosts.get(host)?.refused === undefined,
    )
    .map(([host]) => host);
}
