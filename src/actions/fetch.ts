import type { z } from 'zod';
import { lines } from '../shell/script.ts';
import type { Action, Asked, Decision, Probed, Result } from './action.ts';
import { holds, type Sums, sumsFor } from './checksum.ts';
import { type FileFacts, look, readFacts } from './file-facts.ts';
import { setPath } from './host-path.ts';
import { firstFailure } from './outcomes.ts';
import { flag, parameters, path } from './params.ts';

const params = parameters({
  src: path('The file on the host.'),
  dest: path(
    'The folder on the bastion that takes it, as DEST/HOST/PATH; with `flat`, the file itself, or its folder where it ends in /.',
  ),
  flat: flag(
    'Whether `dest` is taken as it is, without the host’s name: only for paths that name the host themselves.',
  ).default(false),
  fail_on_missing: flag('Whether it is a failure when the file is not there or cannot be read.').default(true),
  validate_checksum: flag('Whether what arrived is compared with what is on the host.').default(true),
});

type Params = z.output<typeof params>;

interface Facts {
  readonly remote: FileFacts;
  /** Where it goes: a path on the bastion. */
  readonly dest: string;
  /** Of the file that is there. */
  readonly local?: Sums;
}

export const fetch: Action<Params, Facts> = {
  kind: 'host',
  name: 'fetch',
  summary: 'Takes a file from the host to the bastion.',
  params,
  effect: () => 'probed',
  probe,
  decide,
  verify: (given, _before, after) => {
    if (!given.validate_checksum || isThere(after)) return undefined;
    return `${after.dest} on the bastion is not what ${given.src} on the host holds; it may be changing while it is read (validate_checksum: no accepts that)`;
  },
};

async function probe(given: Params, host: Asked): Promise<Probed<Facts>> {
  const read = readFacts(await host.ask(lines([setPath(given.src), look({ follow: true, sum: 'sha1' })])), 'sha1');
  if (!read.ok) return read;
  const dest = host.localPath(destination(given, host.host, read.facts.path));
  const local = await host.bastion.read(dest);
  return {
    ok: true,
    facts: { remote: read.facts, dest, ...(local.ok ? { local: sumsFor(read.facts.found, local.bytes) } : {}) },
  };
}

/** `..` in a path of the host must not lead out of the host's own folder. */
function destination(given: Params, host: string, source: string): string {
  const name = source.split('/').at(-1) ?? source;
  if (given.flat) return given.dest.endsWith('/') ? `${given.dest}${name}` : given.dest;
  const inside = source.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  return [given.dest.replace(/\/+$/, ''), host.replaceAll('/', '_'), ...inside].join('/');
}

function isThere({ remote, local }: Facts): boolean {
  return local !== undefined && holds(remote.found, local);
}

function decide(given: Params, facts: Facts): Decision {
  const { remote, dest, local } = facts;
  const problem = problemWith(facts);
  if (problem !== undefined) return { kind: 'settled', result: missing(given, problem) };
  if (local !== undefined && isThere(facts)) {
    return {
      kind: 'settled',
      result: { changed: false, checksum: local.sha1, md5sum: local.md5, dest, file: given.src },
    };
  }
  const checksum = remote.found?.sum;
  const result: Result = {
    changed: true,
    dest,
    ...(checksum === undefined ? {} : { checksum, remote_checksum: checksum }),
    remote_md5sum: null,
  };
  return {
    kind: 'work',
    commands: [{ kind: 'download', from: remote.path, to: dest }],
    conclude: (done) => firstFailure(done, `fetching ${given.src}`) ?? result,
  };
}

function problemWith({ remote }: Facts): string | undefined {
  if (remote.found === undefined) return remote.denied ?? 'the remote file does not exist, not transferring, ignored';
  if (remote.found.kind === 'directory') return 'remote file is a directory, fetch cannot work on directories';
  return remote.found.readable ? undefined : 'file is not readable on the host, not transferring, ignored';
}

function missing(given: Params, msg: string): Result {
  return given.fail_on_missing
    ? { changed: false, failed: true, msg, file: given.src }
    : { changed: false, msg, file: given.src };
}
