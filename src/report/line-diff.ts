/** Lines on either side of a change that are shown with it. */
const AROUND = 3;
/** Larger texts are not compared line by line, but told whole. Comparisons. */
const MOST_WORK = 1_000_000;

/** What becomes of a text, line by line: `-` goes, `+` comes, a blank stays. */
export function lineDiff(before: string, after: string): readonly string[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const head = alikeAtStart(old, fresh);
  const tail = alikeAtStart(old.slice(head).reverse(), fresh.slice(head).reverse());
  const middle = changes(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail));
  if (middle.length === 0) return [];
  const lead = old.slice(Math.max(0, head - AROUND), head);
  const trail = old.slice(old.length - tail, old.length - tail + AROUND);
  const at = `@@ line ${head - lead.length + 1} @@`;
  return [at, ...lead.map(stays), ...middle, ...trail.map(stays)];
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function alikeAtStart(one: readonly string[], other: readonly string[]): number {
  const differs = one.findIndex((line, index) => line !== other[index]);
  return differs === -1 ? one.length : differs;
}

const stays = (line: string) => ` ${line}`;

/** By the longest common subsequence. */
function changes(old: readonly string[], fresh: readonly string[]): readonly string[] {
  if (old.length * fresh.length > MOST_WORK)
    return [...old.map((line) => `-${line}`), ...fresh.map((line) => `+${line}`)];
  const common = commonLengths(old, fresh);
  const told: string[] = [];
  for (let [i, j] = [0, 0]; i < old.length || j < fresh.length; ) {
    if (i < old.length && old[i] === fresh[j]) {
      told.push(stays(old[i] ?? ''));
      i++;
      j++;
    } else if (i < old.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0)) told.push(`-${old[i++]}`);
    else if (j < fresh.length) told.push(`+${fresh[j++]}`);
    else told.push(`-${old[i++]}`);
  }
  return told;
}

/** How many lines are common from each pair of places on. */
function commonLengths(old: readonly string[], fresh: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array<number>(fresh.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      const row = lengths[i] ?? [];
      row[j] =
        old[i] === fresh[j] ? (lengths[i + 1]?.[j + 1] ?? 0) + 1 : Math.max(lengths[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return lengths;
}
