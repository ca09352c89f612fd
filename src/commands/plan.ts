import { planAsText } from '../plan/print.ts';
import { Mistakes } from '../source/mistakes.ts';
import { DONE } from './exit-codes.ts';
import { load, type Selection } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import { chooseSeed } from './seed.ts';
import type { Terminal } from './terminal.ts';

/** Shows what a run would do, as text for people or as the plan itself. */
export function plan(
  playbook: string,
  options: Selection & { readonly format: 'text' | 'json' },
  terminal: Terminal,
): number {
  const mistakes = new Mistakes();
  const loaded = load(playbook, options, terminal.cwd, chooseSeed(), mistakes);
  if (loaded === undefined) return reportMistakes(mistakes, terminal);
  terminal.out(`${options.format === 'json' ? JSON.stringify(loaded.plan, undefined, 2) : planAsText(loaded.plan)}\n`);
  return DONE;
}
