import * as z from 'zod';
import { lines, type Script, sh, shellText } from '../shell/script.ts';
import type { Value } from '../source/value.ts';
import type { Action, Asked, Decision, Probed, Result } from './action.ts';
import { asRegistered, type FileFacts, type Found, factsIn, look, readFacts, saidIn, stateOf } from './file-facts.ts';
import { hostPath, setPath } from './host-path.ts';
import { octal, withMode } from './mode.ts';
import { ended, firstFailure } from './outcomes.ts';
import { askIds, type Ids, idsIn, modeParam, ownershipParams, REFUSED_ATTRIBUTES, setOwnership } from './ownership.ts';
import { flag, parameters, path } from './params.ts';
import { conforms, type Entry, entriesIn, lookAtTree, setOnTree } from './tree.ts';

const states = ['file', 'directory', 'absent', 'touch', 'link', 'hard'] as const;

const params = parameters(
  {
    path: path('The path on the host.'),
    state: z
      .enum(states)
      .describe(
        'What shall be there. `file` changes what is there and makes nothing; if nothing is said: what is there, or a folder with `recurse`.',
      )
      .optional(),
    mode: modeParam,
    ...ownershipParams,
    recurse: flag('Whether everything in the folder gets the owner, group and mode.').default(false),
    src: path('What the link points to.').optional(),
    force: flag('Whether a link may point to nothing, and may take the place of a file.').default(false),
    follow: flag('Only `yes`: the file that a link points to is changed, never the link.')
      .refine((given) => given, 'only `yes` is supported')
      .optional(),
  },
  {
    aliases: { dest: 'path', name: 'path' },
    refused: {
      ...REFUSED_ATTRIBUTES,
      access_time: 'times are not set; `state: touch` sets them to now',
      modification_time: 'times are not set; `state: touch` sets them to now',
      access_time_format: 'times are not set',
      modification_time_format: 'times are not set',
    },
  },
).superRefine((given, context) => {
  const isLink = given.state === 'link' || given.state === 'hard';
  const add = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
  if (isLink && given.src === undefined) add('state', 'a link needs `src`, what it points to');
  if (!isLink && given.src !== undefined) add('src', '`src` is for links: state: link or state: hard');
  if (given.state === 'link' && given.mode !== undefined)
    add('mode', 'a link has no mode of its own; set it on the file');
  if (given.recurse && given.state !== undefined && given.state !== 'directory')
    add('recurse', "recurse option requires state to be 'directory'");
});

type Params = z.output<typeof params>;

interface Facts {
  readonly there: FileFacts;
  readonly ids: Ids;
  readonly tree: readonly Entry[];
  /** Of a link's source. */
  readonly sourceIsThere: boolean;
  readonly isSameFile: boolean;
}

export const file: Action<Params, Facts> = {
  kind: 'host',
  name: 'file',
  summary: 'Makes or removes a file, folder or link on the host, and sets owner and mode.',
  params,
  effect: () => 'probed',
  probe,
  decide,
  verify: (given, _before, after) => {
    const missing = missingIn(given, after, true);
    return missing.length === 0 ? undefined : `${after.there.path} on the host did not take it: ${missing.join(', ')}`;
  },
};

async function probe(given: Params, host: Asked): Promise<Probed<Facts>> {
  const answer = await host.ask(question(given));
  const read = readFacts(answer);
  if (!read.ok || !answer.ok) return read.ok ? { ok: false, message: 'no answer' } : read;
  const said = saidIn(answer.stdout);
  const facts = {
    there: read.facts,
    ids: idsIn(said, given),
    tree: entriesIn(answer.stdout),
    sourceIsThere: said('source_is_there') === '1',
    isSameFile: said('same') === '1',
  };
  return { ok: true, facts };
}

function question(given: Params): Script {
  return lines([
    place(given),
    askIds(given),
    look({ follow: follows(given) }),
    ...(given.recurse ? [lookAtTree] : []),
    ...(given.src === undefined
      ? []
      : [
          setSource(given.src),
          shellText('[ -e "$s" ] && echo source_is_there=1; [ "$p" -ef "$s" ] && echo same=1; :'),
        ]),
  ]);
}

/** Sets `$p`; a slash at its end would make a link be followed. */
function place(given: Params): Script {
  return lines([setPath(given.path), shellText('while [ "$p" != / ] && [ "$p" != "${p%/}" ]; do p=${p%/}; done')]);
}

/** Sets `$s`: a link's relative source starts at the link's folder. */
function setSource(src: string): Script {
  return lines([sh`s=${hostPath(src)}`, shellText('case $s in /*) ;; *) s=${p%/*}/$s ;; esac')]);
}

function follows({ state }: Params): boolean {
  return state !== 'absent' && state !== 'link' && state !== 'hard';
}

function decide(given: Params, facts: Facts): Decision {
  const { there } = facts;
  const problem = problemWith(given, facts);
  if (problem !== undefined) return { kind: 'settled', result: failed(given, facts, problem) };
  if (missingIn(given, facts, false).length === 0)
    return { kind: 'settled', result: { changed: false, ...registered(given, there, there.found) } };
  return {
    kind: 'work',
    commands: [
      {
        kind: 'run',
        script: lines([
          shellText('set -e'),
          place(given),
          ...work(given, facts),
          shellText('set +e'),
          look({ follow: follows(given) }),
        ]),
      },
    ],
    diff: diffOf(given, facts),
    conclude: ([done]) => {
      const failure = firstFailure(done === undefined ? [] : [done], `${given.state ?? 'file'} ${given.path}`);
      const end = ended(done);
      if (failure !== undefined || !end.ok) return { changed: false, failed: true, ...failure, path: given.path };
      return { changed: true, ...registered(given, there, factsIn(end.output.stdout)?.found) };
    },
  };
}

function problemWith(given: Params, { there, ids, sourceIsThere, isSameFile }: Facts): string | undefined {
  const is = stateOf(there.found);
  const { path } = given;
  if (there.denied !== undefined) return there.denied;
  if (ids.unknown !== undefined) return ids.unknown;
  switch (given.state) {
    case 'absent':
      return there.path === '/' ? 'refusing to remove /, the whole host' : undefined;
    case 'touch':
      return undefined;
    case 'directory':
      return is === 'absent' || is === 'directory' ? undefined : `${path} already exists as a ${is}`;
    case 'link':
      if (!sourceIsThere && !given.force)
        return `src file does not exist, use "force=yes" if you really want to create the link: ${given.src}`;
      return is === 'absent' || is === 'link' || given.force
        ? undefined
        : `refusing to convert from ${is} to symlink for ${path}`;
    case 'hard':
      if (!sourceIsThere) return `src file does not exist: ${given.src}`;
      return is === 'absent' || isSameFile || given.force
        ? undefined
        : `refusing to convert from ${is} to hard link for ${path}`;
    case 'file':
      if (is === 'directory') return `file (${path}) is directory, cannot continue`;
      return is === 'absent' ? `file (${path}) is absent, cannot continue` : undefined;
    case undefined:
      return is === 'absent' && !given.recurse ? `file (${path}) is absent, cannot continue` : undefined;
  }
}

/** What is not as it shall be, in words. `touched`: the time of `touch` has been set. */
function missingIn(given: Params, facts: Facts, touched: boolean): readonly string[] {
  const { there, ids } = facts;
  const { found } = there;
  if (given.state === 'absent') return found === undefined ? [] : ['it is still there'];
  if (found === undefined) return ['it is not there'];
  const missing: string[] = [];
  if (given.state === 'touch' && !touched) missing.push('its time is old');
  if (given.state === 'link' && found.target !== given.src) missing.push(`it does not point to ${given.src}`);
  if (given.state === 'hard' && !facts.isSameFile) missing.push(`it is not ${given.src}`);
  if (ids.uid !== undefined && ids.uid !== found.uid) missing.push(`its owner is ${found.owner ?? found.uid}`);
  if (ids.gid !== undefined && ids.gid !== found.gid) missing.push(`its group is ${found.group ?? found.gid}`);
  const bits = bitsFor(given, there);
  if (bits !== undefined && bits !== found.bits) missing.push(`its mode is ${octal(found.bits)}`);
  if (given.recurse && !conforms(facts.tree, ids, given.mode, there.umask))
    missing.push('something in it has another owner or mode');
  return missing;
}

/** The wanted bits; undefined where nothing is said about them. */
function bitsFor(given: Params, { found, umask }: FileFacts): number | undefined {
  if (given.mode === undefined) return undefined;
  const isDirectory = given.state === 'directory' || given.recurse || found?.kind === 'directory';
  return withMode(given.mode, found?.bits ?? (isDirectory ? 0o777 : 0o666) & ~umask, isDirectory, umask);
}

function work(given: Params, { there, ids, isSameFile }: Facts): readonly Script[] {
  const bits = bitsFor(given, there);
  const own = (kind: Found['kind']) => setOwnership(ids, bits, kind);
  switch (given.state) {
    case 'absent':
      return [shellText('rm -rf "$p"')];
    case 'touch':
      return [shellText('touch "$p"'), ...own('file')];
    case 'link':
      return [
        ...(there.found?.kind === 'directory' ? [shellText('rmdir "$p"')] : []),
        sh`ln -sfn -- ${given.src ?? ''} "$p"`,
        ...setOwnership(ids, undefined, 'link'),
      ];
    case 'hard':
      return [setSource(given.src ?? ''), ...(isSameFile ? [] : [shellText('ln -f -- "$s" "$p"')]), ...own('file')];
    case 'directory':
      return folder(given, ids, own('directory'));
    case 'file':
      return own('file');
    case undefined:
      return given.recurse ? folder(given, ids, own('directory')) : own(there.found?.kind ?? 'file');
  }
}

/** The folder and those above it that are missing, each with the wanted owner and mode, as Ansible makes them. */
function folder(given: Params, ids: Ids, own: readonly Script[]): readonly Script[] {
  return [
    shellText('asked=$p\nown() { p=$1; :'),
    ...own,
    shellText(`p=$asked; }
make() {
  if [ -d "$1" ]; then return 0; fi
  case $1 in */*/*|/*/*) make "\${1%/*}" ;; esac
  mkdir "$1"
  own "$1"
}
make "$p"
own "$p"`),
    ...(given.recurse ? [setOnTree(ids, given.mode)] : []),
  ];
}

function registered(given: Params, there: FileFacts, found: Found | undefined): Readonly<Record<string, Value>> {
  if (given.state === 'absent') return { path: given.path, state: 'absent' };
  const attributes = found === undefined ? {} : asRegistered(found);
  if (given.state === 'link' || given.state === 'hard')
    return { dest: given.path, src: given.src ?? null, ...attributes };
  if (given.state === 'touch') return { dest: given.path, ...attributes };
  return { path: found === undefined ? there.path : given.path, ...attributes };
}

function failed(given: Params, { there }: Facts, msg: string): Result {
  const is = there.found === undefined ? { state: 'absent' } : asRegistered(there.found);
  return {
    changed: false,
    failed: true,
    msg,
    path: given.path,
    ...(given.src === undefined ? {} : { src: given.src }),
    ...is,
  };
}

function diffOf(given: Params, { there, ids }: Facts): { readonly before: string; readonly after: string } {
  const { found } = there;
  const bits = bitsFor(given, there) ?? found?.bits;
  const wanted = given.state === 'touch' ? 'file' : (given.state ?? (given.recurse ? 'directory' : stateOf(found)));
  const text = (state: string, uid?: number, gid?: number, mode?: number) =>
    Object.entries({
      path: given.path,
      state,
      owner: uid,
      group: gid,
      mode: mode === undefined ? undefined : octal(mode),
    })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join('');
  return {
    before: text(stateOf(found), found?.uid, found?.gid, found?.bits),
    after: wanted === 'absent' ? text('absent') : text(wanted, ids.uid ?? found?.uid, ids.gid ?? found?.gid, bits),
  };
}
