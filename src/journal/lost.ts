import { isList, isMap, type Value } from '../source/value.ts';

/** What a step's result says in `lost` was lost; `true` stands for one thing without a name. */
export function lostIn({ lost }: { readonly [key: string]: Value | undefined }): readonly Value[] {
  if (isList(lost)) return lost;
  return lost === true ? [lost] : [];
}

/** What a lost thing is called: its own name or id, where it has one. */
export function lostName(thing: Value): string {
  if (thing === true) return 'something';
  const name = isMap(thing) ? (thing.name ?? thing.id ?? thing) : thing;
  return typeof name === 'string' ? `"${name}"` : JSON.stringify(name);
}
