import * as z from 'zod';
import { sh } from '../../shell/script.ts';
import type { Action, Decision } from '../action.ts';
import { firstFailure } from '../outcomes.ts';
import { parameters, path } from '../params.ts';

/** A tag can come to mean another image between review and run; an id cannot. */
export const image = z
  .string({ error: 'must be text' })
  .regex(/^sha256:[0-9a-f]{64}$/, {
    error:
      'must be an image id, sha256:<64 hex digits> (docker images --no-trunc): a tag can come to mean another image',
  })
  .describe('The id of the image that holds gdb.');

const params = parameters({
  image,
  archive: path('The image on the bastion, as `docker save` wrote it.'),
  dest: path('Where the archive lies on the host while it is loaded.').default('/var/tmp/rollgate-gdb-image.tar'),
});

type Params = z.output<typeof params>;

export const mesosGdbImage: Action<Params, { readonly there: boolean }> = {
  kind: 'host',
  name: 'mesos_gdb_image',
  summary: 'Brings the image with gdb to a host, by its id: nothing where Docker has it.',
  params,
  effect: () => 'probed',
  localFiles: ({ archive }) => [archive],
  probe: async (given, host) => {
    const answer = await host.ask(sh`docker images -q -a --no-trunc`);
    if (!answer.ok) return answer;
    if (answer.code !== 0)
      return {
        ok: false,
        message: `Docker does not answer on this host: ${answer.stderr.trim() || `exit code ${answer.code}`}`,
      };
    return { ok: true, facts: { there: answer.stdout.split('\n').includes(given.image) } };
  },
  decide,
  verify: (given, _before, { there }) =>
    there
      ? undefined
      : `the archive ${given.archive} was loaded, but the image in it is not ${given.image}; correct the one or the other`,
};

function decide({ archive, dest, image: id }: Params, { there }: { readonly there: boolean }): Decision {
  if (there) return { kind: 'settled', result: { changed: false, image: id } };
  return {
    kind: 'work',
    commands: [
      { kind: 'upload', from: { file: archive }, to: dest, mode: 0o600 },
      { kind: 'run', script: sh`docker load -i ${dest}; code=$?; rm -f ${dest}; exit $code` },
    ],
    conclude: (done) => firstFailure(done, `loading ${archive}`) ?? { changed: true, image: id },
  };
}
