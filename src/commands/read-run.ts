import { existsSync, readFileSync } from 'node:fs';
import type { Approved } from '../engine/as-approved.ts';
import type { RunEvent, Stamped } from '../journal/event.ts';
import { readJournal } from '../journal/read.ts';
import type { RunFolder } from '../journal/run-folder.ts';
import { planId } from '../plan/digest.ts';
import type { Plan } from '../plan/plan.ts';

export type Started = Stamped<Extract<RunEvent, { type: 'run_started' }>>;

export interface ReadRun {
  readonly ok: true;
  readonly plan: Plan;
  readonly past: readonly Stamped[];
  readonly started: Started;
}

/** A run as its folder tells it, or why it cannot be told. */
export function readRun(folder: RunFolder): ReadRun | { readonly ok: false; readonly reason: string } {
  const no = (reason: string) => ({ ok: false as const, reason });
  if (!existsSync(folder.journalFile)) return no(`run ${folder.id} broke off before it had begun: start it anew`);
  const replayed = readJournal(readFileSync(folder.journalFile));
  if (!replayed.ok)
    return no(
      `${folder.journalFile}:${replayed.line}: ${replayed.reason}; ${replayed.events.length} events before it can be read. \`rollgate resume ${folder.id} --salvage\` goes on with all lines that can be read, and asks where one may be missing`,
    );
  const [started] = replayed.events;
  if (started?.type !== 'run_started') return no(`run ${folder.id} broke off before it had begun: start it anew`);
  const plan = readPlan(folder.planFile);
  if (plan === undefined) return no(`${folder.planFile} is not the plan that was saved: it was changed or is broken`);
  return { ok: true, plan, past: replayed.events, started };
}

/** The saved plan, if it still is what its id says. */
export function readPlan(file: string): Plan | undefined {
  try {
    const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan;
    return planId(plan) === plan.id ? plan : undefined;
  } catch {
    return undefined;
  }
}

/** What those who approved a run's plan had seen of its hosts, if they had asked them. */
export function readApproved(
  { approvedFile }: RunFolder,
  { observed }: Started,
): { readonly ok: true; readonly approved?: Approved } | { readonly ok: false; readonly reason: string } {
  if (observed === undefined) return { ok: true };
  try {
    return { ok: true, approved: JSON.parse(readFileSync(approvedFile, 'utf8')) as Approved };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      reason: `${approvedFile}: what was approved of the hosts cannot be read, and hosts that are left cannot be held to it: ${why}; put the file back, or begin anew with a plan that is approved anew`,
    };
  }
}
