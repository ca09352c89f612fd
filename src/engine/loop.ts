import type { Result } from '../actions/action.ts';
import { lostIn } from '../journal/lost.ts';
import { isList, type Value } from '../source/value.ts';

/** What a loop registers: all items' results, and Ansible's words over them. */
export function loopResult(results: readonly Result[]): Result {
  if (results.length === 0)
    return { changed: false, results: [], skipped: true, skipped_reason: 'No items in the list' };
  const failed = results.some((result) => result.failed === true);
  const skipped = results.every((result) => result.skipped === true);
  const refused = results.find((result) => result.refused === true);
  const unreachable = results.find((result) => result.unreachable === true);
  const lost = results.flatMap(lostIn);
  return {
    changed: results.some((result) => result.changed),
    results: results as unknown as Value,
    skipped,
    ...(failed ? { failed } : {}),
    ...(unreachable === undefined ? {} : { unreachable: true }),
    ...(refused === undefined ? {} : { refused: true }),
    msg:
      unreachable?.msg ??
      refused?.msg ??
      (failed ? 'One or more items failed' : skipped ? 'All items skipped' : 'All items completed'),
    ...(lost.length === 0 ? {} : { lost }),
    ...lastFacts(results),
    ...foreseenOf(results),
  };
}

/** What a dry run tells of its items, said of the whole. */
function foreseenOf(results: readonly Result[]): Partial<Result> {
  const commands = results.flatMap((result) => (isList(result.commands) ? result.commands : []));
  const why = results.find((result) => result.undecided !== undefined)?.undecided;
  return {
    ...(results.some((result) => result.foreseen === true) ? { foreseen: true } : {}),
    ...(why === undefined ? {} : { undecided: why }),
    ...(commands.length === 0 ? {} : { commands }),
  };
}

/** `set_fact` in a loop: later items over earlier ones. */
function lastFacts(results: readonly Result[]): { readonly ansible_facts?: Value } {
  const facts = results.flatMap((result) => (result.ansible_facts === undefined ? [] : [result.ansible_facts]));
  return facts.length === 0 ? {} : { ansible_facts: Object.assign({}, ...facts) };
}
