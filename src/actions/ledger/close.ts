import type * as z from 'zod';
import type { Action } from '../action.ts';
import { parameters } from '../params.ts';
import { type HostFile, keep, missing, readHostFile } from './host-file.ts';
import type { Closed } from './note.ts';
import { noteName } from './params.ts';

const params = parameters({ name: noteName });

type Params = z.output<typeof params>;

interface Facts extends HostFile {
  readonly run: string;
}

export const ledgerClose: Action<Params, Facts> = {
  kind: 'host',
  name: 'ledger_close',
  summary: 'Notes in the ledger, and on the host, that nobody needs it any more: what it was renewed for is done.',
  params,
  effect: () => 'probed',
  probe: async (_, host) => {
    const file = await readHostFile(host);
    return file.ok ? { ok: true, facts: { ...file.facts, run: host.run } } : file;
  },
  decide: ({ name }, facts) => keep(noteOf(name, facts), { name, msg: `${name} is closed` }),
  verify: ({ name }, before, after) => missing(noteOf(name, before), after),
};

function noteOf(name: string, { now, run, boot }: Facts): Closed {
  return { state: 'closed', name, at: now.toISOString(), run, ...(boot === undefined ? {} : { boot }) };
}
