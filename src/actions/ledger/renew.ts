import * as z from 'zod';
import { duration } from '../../source/duration.ts';
import type { Action, Decision, Probed } from '../action.ts';
import { number, parameters } from '../params.ts';
import { type HostFile, keep, missing, readHostFile } from './host-file.ts';
import type { Good } from './note.ts';
import { noteName, span } from './params.ts';

const params = parameters({
  name: noteName,
  good_for: span('How long it holds once it is renewed, such as 5d.'),
  at_most: span(
    'How long it holds at most on this host, such as its nf_conntrack_tcp_timeout_established: the smaller one counts.',
  ).optional(),
  measured: z
    .union([number('Seconds.'), z.array(number('Seconds.'))], { error: 'must be seconds, or a list of them' })
    .transform((seconds) => [seconds].flat())
    .describe(
      'Seconds that are left as read from the host, or a list of them, of which the least counts, instead of at_most; good_for still bounds it. An empty list: nothing could be read.',
    )
    .default([]),
});

type Params = z.output<typeof params>;

interface Facts extends HostFile {
  readonly run: string;
  readonly seenAt?: Date;
}

export const ledgerRenew: Action<Params, Facts> = {
  kind: 'host',
  name: 'ledger_renew',
  summary: 'Notes in the ledger, and on the host, that something was renewed and until when it holds.',
  params,
  effect: () => 'probed',
  probe: async (_, host): Promise<Probed<Facts>> => {
    const file = await readHostFile(host);
    if (!file.ok) return file;
    const seenAt = host.bastion.ledger.seenAt(host.host);
    return { ok: true, facts: { ...file.facts, run: host.run, ...(seenAt === undefined ? {} : { seenAt }) } };
  },
  decide,
  verify: (given, before, after) => missing(noteOf(given, before), after),
};

function decide(given: Params, facts: Facts): Decision {
  const note = noteOf(given, facts);
  const leftMs = Date.parse(note.until) - facts.now.getTime();
  const known = { name: note.name, renewed_at: note.renewedAt, until: note.until, measured: note.measured };
  const how = note.measured ? 'measured' : 'computed';
  if (leftMs > 0) {
    const msg = `${note.name} holds for ${duration(leftMs)}, until ${note.until} (${how})`;
    return keep(note, { ...known, remaining: Math.floor(leftMs / 1000), msg });
  }
  const msg = `${note.name} has run out already, at ${note.until} (${how}): nothing is noted; renew it again`;
  return { kind: 'settled', result: { changed: false, failed: true, ...known, remaining: 0, msg } };
}

/** Counted from when it was last seen to be so: after a break, now would be too late by the length of the break. */
function noteOf({ name, good_for, at_most, measured }: Params, { now, seenAt, run, boot }: Facts): Good {
  const renewedAt = Math.min(now.getTime(), seenAt?.getTime() ?? Number.POSITIVE_INFINITY);
  const ownMs = measured.length > 0 ? Math.min(...measured) * 1000 : (at_most ?? good_for);
  return {
    state: 'good',
    name,
    at: now.toISOString(),
    renewedAt: new Date(renewedAt).toISOString(),
    until: new Date(renewedAt + Math.min(good_for, ownMs)).toISOString(),
    measured: measured.length > 0,
    run,
    ...(boot === undefined ? {} : { boot }),
  };
}
