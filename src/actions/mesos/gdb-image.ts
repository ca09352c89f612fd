import * as z from 'zod';
import { sh } from '../../shell/script.ts';
import type { Action, Asked, Decision, Probed } from '../action.ts';
import { firstFailure } from '../outcomes.ts';
import { parameters, path } from '../params.ts';
import { type Archive, howToLoad, problemWith, sha256 } from './image-archive.ts';
import { type Found, question, readFound } from './image-question.ts';

/** A tag can come to mean another image between review and run; an id cannot. */
export const image = z
  .string({ error: 'must be text' })
  .regex(/^sha256:[0-9a-f]{64}$/, {
    error:
      'must be an image id, sha256:<64 hex digits> (docker images --no-trunc): a tag can come to mean another image',
  })
  .describe('The id of the image that holds gdb.');

const registry = z
  .string({ error: 'must be text' })
  .regex(/^[^\s@-][^\s@]*@sha256:[0-9a-f]{64}$/, {
    error:
      'must be pinned, NAME@sha256:<64 hex digits> (docker images --digests): a tag can come to mean another image between review and run',
  })
  .describe('Where hosts pull the image from, instead of `archive`: NAME@sha256:DIGEST.');

const params = parameters({
  image,
  archive: path('The image on the bastion, as `docker save` wrote it; .gz is fine.').optional(),
  archive_sha256: sha256('What the archive’s SHA-256 must be. The image’s id is checked anyway.').optional(),
  registry: registry.optional(),
  dest: path('Where the archive lies on the host until it is loaded: in a folder that nobody else can write to.')
    .refine((written) => written.startsWith('/'), 'must be an absolute path')
    .default('/var/lib/rollgate/gdb-image.tar'),
}).superRefine((given, context) => {
  if ((given.archive === undefined) === (given.registry === undefined))
    context.addIssue('write either `archive` or `registry`');
  if (given.archive === undefined && given.archive_sha256 !== undefined)
    context.addIssue({ code: 'custom', path: ['archive_sha256'], message: 'is of no use without `archive`' });
});

type Params = z.output<typeof params>;

interface Facts extends Found {
  /** Absent where nothing is to be sent. */
  readonly archive?: Archive | { readonly why: string };
}

export const mesosGdbImage: Action<Params, Facts> = {
  kind: 'host',
  name: 'mesos_gdb_image',
  summary:
    'Brings the image with gdb to a host, from an archive or a registry: nothing where Docker has it. A broken upload goes on where it was.',
  params,
  effect: () => 'probed',
  localFiles: ({ archive }) => (archive === undefined ? [] : [archive]),
  probe,
  decide,
  verify: (given, _before, { there }) =>
    there
      ? undefined
      : `${given.archive ?? given.registry} went into Docker, which has no image ${given.image} now; compare with \`docker images -a --no-trunc\` there`,
};

async function probe(given: Params, host: Asked): Promise<Probed<Facts>> {
  const answer = await host.ask(question(given.image, given.archive === undefined ? undefined : given.dest));
  if (!answer.ok) return answer;
  if (answer.code !== 0) {
    const said = answer.stderr.trim() || `exit code ${answer.code}`;
    return { ok: false, message: `Docker does not answer on this host: ${said}; nothing was sent` };
  }
  const found = readFound(answer.stdout);
  if (found.there || given.archive === undefined) return { ok: true, facts: found };
  return { ok: true, facts: { ...found, archive: await archiveOf(given.archive, found, host) } };
}

async function archiveOf(written: string, { part }: Found, { bastion, localPath }: Asked): Promise<Facts['archive']> {
  const file = localPath(written);
  const whole = await bastion.digest(file);
  if (!whole.ok) return { why: `${written} cannot be read on the bastion: ${whole.why}` };
  const begun = part === undefined || part.bytes > whole.bytes ? undefined : await bastion.digest(file, part.bytes);
  const start = begun?.ok === true && begun.sha256 === part?.sha256 ? part.bytes : 0;
  return { file, written, bytes: whole.bytes, sha256: whole.sha256, start };
}

function decide(given: Params, { there, archive, space }: Facts): Decision {
  if (there) return { kind: 'settled', result: { changed: false, image: given.image } };
  if (archive === undefined) return pull(given.registry ?? '', given.image);
  const problem = 'why' in archive ? archive.why : problemWith(archive, space, given);
  if (problem !== undefined || 'why' in archive)
    return { kind: 'settled', result: { changed: false, failed: true, msg: `${problem}; nothing was sent` } };
  return {
    kind: 'work',
    commands: howToLoad(archive, given.dest, given.image),
    conclude: (done) =>
      firstFailure(done, `loading ${archive.written}`) ?? {
        changed: true,
        image: given.image,
        sent: archive.bytes - archive.start,
      },
  };
}

function pull(from: string, id: string): Decision {
  const script = sh`docker pull ${from} || exit 1
found=$(docker inspect --type image --format '{{.Id}}' ${from})
[ "$found" = ${id} ] || { echo ${from}" is $found, not "${id}"; correct the one or the other" >&2; exit 1; }`;
  return {
    kind: 'work',
    commands: [{ kind: 'run', script }],
    conclude: (done) => firstFailure(done, `pulling ${from}`) ?? { changed: true, image: id },
  };
}
