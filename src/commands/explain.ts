import { explainHost, explainRun, type Gate } from '../engine/explain.ts';
import { foldHosts } from '../inventory/fold.ts';
import { replay } from '../journal/progress.ts';
import { printableLine } from '../report/printable.ts';
import { reasonOf } from '../report/reason.ts';
import { didYouMean } from '../source/nearest.ts';
import { DONE, MISTAKE } from './exit-codes.ts';
import { type LookOptions, lookAtRun, suffixOf } from './look-at-run.ts';
import type { Terminal } from './terminal.ts';

/** Says why a run, or a host in it, does not go on: every gate, passed or not, and what would open it. */
export async function explain(
  id: string | undefined,
  host: string | undefined,
  options: LookOptions,
  terminal: Terminal,
): Promise<number> {
  const looked = await lookAtRun(id, options, terminal);
  if (typeof looked === 'number') return looked;
  const { folder, run, holder } = looked;
  const given = {
    plan: run.plan,
    past: run.past,
    progress: replay(run.past),
    run: folder.id,
    ...(holder === undefined ? {} : { holder }),
    fold: foldHosts,
    reason: reasonOf,
  };
  const gates = host === undefined ? explainRun(given) : explainHost(host, given);
  if (gates === undefined) {
    const known = new Set(run.plan.plays.flatMap((play) => play.batches.flatMap((batch) => batch.hosts)));
    terminal.err(`"${host}" is no host of run ${folder.id}${didYouMean(host ?? '', known)}\n`);
    return MISTAKE;
  }
  terminal.out(gates.map((gate) => textOf(gate, suffixOf(options))).join(''));
  return DONE;
}

function textOf({ gate, passed, why, unblock }: Gate, suffix: string): string {
  const line = `${passed ? 'PASS' : 'FAIL'}  ${printableLine(`${gate}: ${why}`)}\n`;
  return unblock === undefined ? line : `${line}      rollgate ${unblock}${suffix}\n`;
}
