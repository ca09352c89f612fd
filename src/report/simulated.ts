import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import { lineDiff } from './line-diff.ts';
import { printable } from './printable.ts';

/** What became of a step that was only simulated, in a word; undefined for one that was taken. */
export function simulatedOutcome({ undecided, commands, changed }: ValueMap): string | undefined {
  if (commands === undefined) return undecided === undefined ? undefined : 'undecided';
  if (undecided !== undefined) return 'would run';
  return changed === true ? 'would change' : undefined;
}

/** What changes in texts, for people. */
export function changeLines({ diff, results }: ValueMap): readonly string[] {
  const diffs = [diff, ...(isList(results) ? results.filter(isMap).map((each) => each.diff) : [])];
  return diffs.flatMap(diffLines);
}

/** What a simulated step would send, for people. */
export function pendingLines({ commands, undecided, changed }: ValueMap): readonly string[] {
  const isPending = undecided !== undefined || changed === true;
  return isList(commands) && isPending ? commands.flatMap((command) => commandLines(String(command))) : [];
}

function commandLines(command: string): readonly string[] {
  return command.split('\n').map((line, index) => `  ${index === 0 ? '$' : '>'} ${printable(line)}`);
}

function diffLines(diff: Value | undefined): readonly string[] {
  if (diff === undefined || !isMap(diff)) return [];
  return lineDiff(String(diff.before ?? ''), String(diff.after ?? '')).map((line) => `  ${printable(line)}`);
}
