/** A host's name cut into text and numbers: `texts` has one more entry than `numbers`. */
interface Cut {
  readonly name: string;
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
}

/** Longer runs of digits are ids and dates, and no longer exact as numbers. */
const LONGEST_NUMBER = 15;

/**
 * Names as people read them: `agent[001-016,020],web1`. Numbers fold only with numbers of the same padding; where
 * names hold several numbers, the last one that differs is folded. In natural order, duplicates dropped.
 */
export function foldHosts(names: readonly string[]): string {
  const cuts = [...new Set(names)].map(cut).sort(compareCuts);
  const families = groupBy(cuts, (each) => JSON.stringify(each.texts));
  return [...families.values()]
    .flatMap(foldFamily)
    .sort((a, b) => compareCuts(a.first, b.first))
    .map(({ text }) => text)
    .join(',');
}

/** The names that a folded list stands for, in its order; the reverse of `foldHosts`. */
export function unfoldHosts(text: string): readonly string[] {
  return splitOutsideBrackets(text).flatMap((part) => {
    const found = /^([^[]*)\[([0-9,-]+)\]([^[\]]*)$/.exec(part);
    if (found === null) return [part];
    const [, head = '', list = '', tail = ''] = found;
    return list.split(',').flatMap((range) => numbersOf(range).map((number) => head + number + tail));
  });
}

function splitOutsideBrackets(text: string): readonly string[] {
  return text.match(/(?:[^,[]|\[[^\]]*\]|\[)+/g) ?? [];
}

function numbersOf(range: string): readonly string[] {
  const [first = '', last = first] = range.split('-');
  const width = isPadded(first) ? first.length : 0;
  const count = Math.max(0, Number(last) - Number(first) + 1);
  return Array.from({ length: count }, (_, index) => String(Number(first) + index).padStart(width, '0'));
}

function cut(name: string): Cut {
  // Names with our own marks in them would be read as folded ones.
  if (/[[\],]/.test(name)) return { name, texts: [name], numbers: [] };
  const texts = [''];
  const numbers: string[] = [];
  for (const piece of name.match(/\d+|\D+/g) ?? []) {
    if (/^\d/.test(piece) && piece.length <= LONGEST_NUMBER) {
      numbers.push(piece);
      texts.push('');
    } else texts[texts.length - 1] += piece;
  }
  return { name, texts, numbers };
}

interface Folded {
  readonly first: Cut;
  readonly text: string;
}

function foldFamily(family: readonly Cut[]): readonly Folded[] {
  const at = lastDifference(family);
  if (at === undefined) return family.map((each) => ({ first: each, text: each.name }));
  const alike = groupBy(family, ({ numbers }) => JSON.stringify(numbers.with(at, '')));
  return [...alike.values()].flatMap((members) => foldMembers(members, at));
}

function lastDifference(family: readonly Cut[]): number | undefined {
  const [first, ...others] = family;
  const at = first?.numbers.findLastIndex((number, index) => others.some((other) => other.numbers[index] !== number));
  return at === -1 ? undefined : at;
}

function foldMembers(members: readonly Cut[], at: number): readonly Folded[] {
  const numberOf = (each: Cut) => each.numbers[at] ?? '';
  const widths = new Set(
    members
      .map(numberOf)
      .filter(isPadded)
      .map(({ length }) => length),
  );
  // 10 continues 08, 09 where numbers of two digits are padded; else it continues 8, 9.
  const byPadding = groupBy(members, (each) => (widths.has(numberOf(each).length) ? numberOf(each).length : 0));
  return [...byPadding.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [{ first, text: same.length === 1 ? first.name : withRanges(first, at, ranges(same.map(numberOf))) }];
  });
}

function isPadded(number: string): boolean {
  return number.length > 1 && number.startsWith('0');
}

function withRanges(first: Cut, at: number, list: string): string {
  return first.texts.map((text, index) => text + (index === at ? `[${list}]` : (first.numbers[index] ?? ''))).join('');
}

/** `1-3,5` from ascending numbers. */
function ranges(numbers: readonly string[]): string {
  const runs: { readonly first: string; last: string }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && Number(run.last) + 1 === Number(number)) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',');
}

function compareCuts(a: Cut, b: Cut): number {
  for (const [index, text] of a.texts.entries()) {
    const other = b.texts[index];
    if (other === undefined) return 1;
    const order = compareTexts(text, other) || Number(a.numbers[index] ?? -1) - Number(b.numbers[index] ?? -1);
    if (order !== 0) return order;
  }
  return compareTexts(a.name, b.name);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Items by their key, in the order in which the keys are first met. */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
