import { Mistakes } from '../source/mistakes.ts';
import { DONE } from './exit-codes.ts';
import { load, type Selection } from './load.ts';
import { reportMistakes } from './mistakes.ts';
import type { Terminal } from './terminal.ts';

/** Finds every mistake that can be found without touching a host. */
export function check(playbook: string, options: Selection, terminal: Terminal): number {
  const mistakes = new Mistakes();
  const loaded = load(playbook, options, terminal.cwd, 0, mistakes);
  if (loaded === undefined) return reportMistakes(mistakes, terminal);
  const { plays } = loaded.plan;
  const hosts = new Set(plays.flatMap((play) => play.batches.flatMap((batch) => batch.hosts)));
  const tasks = plays.reduce((sum, play) => sum + play.tasks.length, 0);
  terminal.out(
    `${playbook}: no mistakes; ${counted(plays.length, 'play')}, ${counted(tasks, 'task')}, ${counted(hosts.size, 'host')}\n`,
  );
  return DONE;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
