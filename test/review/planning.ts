import { load } from '../../src/commands/load.ts';
import { describeMistake, Mistakes } from '../../src/source/mistakes.ts';
import { folderWith } from '../cli/terminal.ts';

/** The plan of a playbook and an inventory that are given as texts. */
export function planOf(playbook: string, hosts: string, extraVars: readonly string[] = []) {
  const mistakes = new Mistakes();
  const folder = folderWith({ 'play.yml': playbook, hosts });
  const loaded = load('play.yml', { inventory: ['hosts'], extraVars }, folder, 0, mistakes);
  if (loaded === undefined) throw new Error(mistakes.all.map(describeMistake).join('\n'));
  return loaded;
}
