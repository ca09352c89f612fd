import { isList, type Value } from '../source/value.ts';

/** What a step's result says in `lost` was lost; `true` stands for one thing without a name. */
export function lostIn({ lost }: { readonly [key: string]: Value | undefined }): readonly Value[] {
  if (isList(lost)) return lost;
  return lost === true ? [lost] : [];
}
