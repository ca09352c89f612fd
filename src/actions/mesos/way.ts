import * as z from 'zod';
import type { Asked, Probed } from '../action.ts';
import { path } from '../params.ts';
import type { Way } from './masters.ts';

const master = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as http://m1.example:5050' })
  .refine((url) => !/^https?:\/\/[^/]*@/.test(url), 'must not hold a user or password; give `token`')
  .transform((url) => url.replace(/\/+$/, ''));

/** How the masters are reached: parameters of every action that asks them. */
export const wayParams = {
  masters: z
    .array(master, { error: 'must be a list of URLs' })
    .min(1, { error: 'must name at least one master' })
    .describe('The masters, such as http://m1.example:5050; asked one after the other until the leader has answered.'),
  token: z
    .string({ error: 'must be text' })
    .trim()
    .regex(/^[\x21-\x7e]+$/, { error: 'must be a token: printable characters without spaces' })
    .describe('The token of DC/OS to ask with (`Authorization: token=…`). Never shown.')
    .optional(),
  ca_file: path(
    'A file of the bastion with the certificates (PEM) to trust, instead of the system’s, where masters speak TLS.',
  ).optional(),
};

interface Given extends Pick<Way, 'masters' | 'token'> {
  readonly ca_file?: string | undefined;
}

export function filesOfWay({ ca_file }: Given): readonly string[] {
  return ca_file === undefined ? [] : [ca_file];
}

export async function wayOf({ masters, token, ca_file }: Given, host: Asked): Promise<Probed<Way>> {
  if (ca_file === undefined) return { ok: true, facts: { masters, token } };
  const ca = await host.bastion.read(host.localPath(ca_file));
  if (!ca.ok) return { ok: false, message: `ca_file cannot be read: ${ca.why}` };
  return { ok: true, facts: { masters, token, ca: ca.bytes } };
}
