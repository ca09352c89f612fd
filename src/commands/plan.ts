import { planAsText } from '../plan/print.ts';
import { Mistakes } from '../source/mistakes.ts';
import { stateDirOf } from './execute.ts';
import { DONE } from './exit-codes.ts';
import { endsInLedger } from './ledger-ends.ts';
import { load, type Selection } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import { planForecast } from './plan-forecast.ts';
import { realClock } from './real-clock.ts';
import { chooseSeed } from './seed.ts';
import type { Terminal } from './terminal.ts';

/** Shows what a run would do, as text for people or as the plan itself. */
export function plan(
  playbook: string,
  options: Selection & { readonly format: 'text' | 'json'; readonly stateDir?: string },
  terminal: Terminal,
): number {
  const mistakes = new Mistakes();
  const stateDir = stateDirOf(options, terminal);
  const ends = endsInLedger(stateDir, terminal);
  const loaded = load(playbook, options, terminal.cwd, chooseSeed(), mistakes, ends);
  if (loaded === undefined) return reportMistakes(mistakes, terminal);
  if (options.format === 'json') terminal.out(`${JSON.stringify(loaded.plan, undefined, 2)}\n`);
  else {
    const forecast = planForecast(loaded, stateDir, realClock.now(), terminal);
    terminal.out(`${planAsText(loaded.plan)}\n`);
    if (forecast.length > 0) terminal.out(`\n${forecast.join('\n')}\n`);
  }
  return DONE;
}
