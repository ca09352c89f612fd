import * as z from 'zod';
import { lines, type Script, sh, shellText } from '../shell/script.ts';
import { pythonJson } from '../source/python-json.ts';
import { isMap, type Value } from '../source/value.ts';
import type { Action, Asked, Decision, Done, HostCommand, Probed, Result } from './action.ts';
import { holds, type Sums, sha1, sumsFor } from './checksum.ts';
import { asRegistered, type FileFacts, factsIn, look, readFacts, saidIn } from './file-facts.ts';
import { setPath } from './host-path.ts';
import { parseMode, withMode } from './mode.ts';
import { ended, firstFailure } from './outcomes.ts';
import { askIds, type Ids, idsIn, ownershipParams, REFUSED_ATTRIBUTES, setOwnership } from './ownership.ts';
import { flag, nonEmpty, parameters, path } from './params.ts';

const content: z.ZodType<string> = z
  .preprocess((given) => contentText(given), z.string())
  .describe('The text of the file, instead of `src`. A map or list is written as JSON.');

const copyMode = z
  .union([z.string(), z.int()], { error: 'must be a mode' })
  .refine(
    (written) => written === 'preserve' || parseMode(written) !== undefined,
    'is not a mode; write it as "0644", "u=rw,go=r", or "preserve"',
  )
  .describe(
    'Permissions: "0644", "u=rw,go=r", or "preserve" for those of `src`. If nothing is said, those the file has, or the usual ones.',
  );

const params = parameters(
  {
    src: path('A file of the bastion.').optional(),
    content: content.optional(),
    dest: path('Where it goes on the host; a folder (or a path ending in /) takes the file under its own name.'),
    mode: copyMode.optional(),
    ...ownershipParams,
    backup: flag('Whether the file that is replaced is kept beside it, under a name with the time.').default(false),
    force: flag('Whether a file that is there already is replaced when it differs.').default(true),
    validate: nonEmpty('A command that must succeed before the file is put in place; %s is the new file.')
      .refine((written) => written.includes('%s'), 'must hold %s, the path of the file to be checked')
      .optional(),
    remote_src: flag('Only `no`: `src` is a file of the bastion.')
      .refine((given) => !given, 'only `no` is supported; copy on the host with `command: cp …`')
      .optional(),
  },
  {
    refused: {
      ...REFUSED_ATTRIBUTES,
      directory_mode: 'folders are not copied; make them with `file` and `state: directory`',
      local_follow: 'folders are not copied, and a link to a file is always followed',
      follow: 'a link at `dest` is replaced by the file',
      checksum: 'what arrives is always compared with what was sent',
      decrypt: 'there is no vault here',
    },
  },
).superRefine((given, context) => {
  if ((given.src === undefined) === (given.content === undefined)) context.addIssue('write either `src` or `content`');
  if (given.content !== undefined && given.dest.endsWith('/'))
    context.addIssue({ code: 'custom', path: ['dest'], message: 'can not use content with a dir as dest' });
  if (given.content !== undefined && given.mode === 'preserve')
    context.addIssue({ code: 'custom', path: ['mode'], message: '"preserve" needs `src`: content has no mode' });
  if (given.src?.endsWith('/'))
    context.addIssue({ code: 'custom', path: ['src'], message: 'folders are not copied yet; name a file' });
});

function contentText(given: unknown): unknown {
  if (Array.isArray(given) || isMap(given as Value)) return pythonJson(given as Value, { sorted: false, ascii: true });
  if (typeof given === 'boolean') return given ? 'True' : 'False';
  return typeof given === 'number' ? String(given) : given;
}

type Params = z.output<typeof params>;

interface Source {
  readonly sums: Sums;
  readonly mode?: number;
  /** For a diff; empty when it is long or binary. */
  readonly text: string;
  readonly from: Uint8Array | { readonly file: string };
}

interface Facts {
  /** What is to be on the host, or why it cannot be read. */
  readonly source: Source | { readonly why: string };
  readonly there: FileFacts;
  readonly isFolder: boolean;
  readonly ids: Ids;
  /** The text that is there, for a diff; absent when it is long, binary or not readable. */
  readonly before?: string;
}

export const copy: Action<Params, Facts> = {
  kind: 'host',
  name: 'copy',
  summary:
    'Puts a file of the bastion, or a text, on the host; whoever reads it there sees the old file or the new one.',
  params,
  effect: () => 'probed',
  localFiles: ({ src }) => (src === undefined ? [] : [src]),
  probe,
  decide,
  verify: (given, _before, after) => {
    if ('why' in after.source || (!given.force && after.there.found !== undefined)) return undefined;
    return holds(after.there.found, after.source.sums)
      ? undefined
      : `${after.there.path} on the host does not hold what was sent`;
  },
};

async function probe(given: Params, host: Asked): Promise<Probed<Facts>> {
  const answer = await host.ask(question(given));
  const read = readFacts(answer, 'sha1');
  if (!read.ok || !answer.ok) return read.ok ? { ok: false, message: 'no answer' } : read;
  const said = saidIn(answer.stdout);
  const at = answer.stdout.indexOf('\ntext=');
  return {
    ok: true,
    facts: {
      source: await sourceOf(given, read.facts, host),
      there: read.facts,
      isFolder: said('folder') === '1',
      ids: idsIn(said, given),
      ...(at < 0 ? {} : { before: answer.stdout.slice(at + '\ntext='.length) }),
    },
  };
}

async function sourceOf({ src, content }: Params, { found }: FileFacts, host: Asked): Promise<Facts['source']> {
  if (src === undefined) {
    const bytes = new TextEncoder().encode(content ?? '');
    return { sums: sumsFor(found, bytes), text: printable(bytes), from: bytes };
  }
  const file = host.localPath(src);
  const read = await host.bastion.read(file);
  if (!read.ok) return { why: `Could not find or access '${src}' on the bastion: ${read.why}` };
  const mode = read.mode === undefined ? {} : { mode: read.mode };
  return { sums: sumsFor(found, read.bytes), text: printable(read.bytes), from: { file }, ...mode };
}

/** Longer files are not read for a diff. Bytes. */
const LONGEST_DIFF = 65536;

function question(given: Params): Script {
  const name = given.src?.split('/').at(-1);
  return lines([
    setPath(given.dest),
    // The name is put behind a folder here, so that one question is enough.
    name === undefined
      ? shellText('if [ -d "$p" ]; then echo folder=1; fi')
      : sh`if [ -d "$p" ]; then p=\${p%/}/${name}; fi; case $p in */) p=\${p}${name} ;; esac`,
    askIds(given),
    look({ follow: false, sum: 'sha1' }),
    shellText(
      `if [ -f "$p" ] && [ -r "$p" ] && [ "$(wc -c <"$p")" -le ${LONGEST_DIFF} ]; then printf 'text='; cat "$p"; fi`,
    ),
  ]);
}

function decide(given: Params, facts: Facts): Decision {
  const { source, there, ids } = facts;
  const problem = problemWith(given, facts);
  if (problem !== undefined || 'why' in source)
    return { kind: 'settled', result: { changed: false, failed: true, msg: problem ?? 'no source' } };
  if (!given.force && there.found !== undefined)
    return { kind: 'settled', result: { changed: false, dest: there.path, src: given.src ?? null } };
  const sameBytes = there.found?.kind === 'file' && holds(there.found, source.sums);
  const bits = bitsFor(given, facts, source.mode);
  if (sameBytes && !differs(there, ids, bits))
    return {
      kind: 'settled',
      result: {
        changed: false,
        checksum: source.sums.sha1,
        dest: there.path,
        path: there.path,
        ...(there.found === undefined ? {} : asRegistered(there.found)),
      },
    };
  const diff = { before: facts.before ?? '', after: source.text };
  const commands = sameBytes ? [adjustment(there, ids, bits)] : replacement(given, facts, source, bits);
  return {
    kind: 'work',
    commands,
    ...(sameBytes ? {} : { diff }),
    conclude: (done) => concluded(given, source.sums, there.path, done),
  };
}

function problemWith(given: Params, { source, there, isFolder, ids }: Facts): string | undefined {
  if ('why' in source) return source.why;
  if (isFolder) return 'can not use content with a dir as dest';
  if (there.denied !== undefined) return there.denied;
  if (there.found?.kind === 'directory') return `${there.path} is a folder on the host`;
  const folder = there.path.replace(/\/[^/]*$/, '') || '/';
  if (there.parent === 'absent') return `Destination directory ${folder} does not exist`;
  if (there.parent === 'read-only') return `Destination ${folder} not writable`;
  if (given.mode === 'preserve' && source.mode === undefined) return `the mode of ${given.src} cannot be told`;
  return ids.unknown;
}

/** The bits that the file shall have; undefined: those of a new file, or those it has. */
function bitsFor(given: Params, { there }: Facts, sourceMode: number | undefined): number {
  const usual = there.found?.kind === 'file' ? there.found.bits : 0o666 & ~there.umask;
  if (given.mode === undefined) return usual;
  if (given.mode === 'preserve') return sourceMode ?? usual;
  return withMode(parseMode(given.mode) ?? usual, usual, false, there.umask);
}

function differs({ found }: FileFacts, { uid, gid }: Ids, bits: number): boolean {
  if (found === undefined) return true;
  return found.bits !== bits || (uid !== undefined && uid !== found.uid) || (gid !== undefined && gid !== found.gid);
}

function adjustment(there: FileFacts, ids: Ids, bits: number): HostCommand {
  return run([shellText('set -e'), sh`p=${there.path}`, ...setOwnership(ids, bits, 'file'), look({ follow: false })]);
}

function run(scripts: readonly Script[]): HostCommand {
  return { kind: 'run', script: lines(scripts) };
}

/** The new file beside the old one, made ready there, then renamed over it. */
function replacement(given: Params, { there, ids }: Facts, source: Source, bits: number): readonly HostCommand[] {
  const fresh = `${there.path.replace(/[^/]*$/, '')}.rollgate-${sha1(new TextEncoder().encode(there.path)).slice(0, 12)}`;
  const script = [
    sh`p=${fresh}; dest=${there.path}`,
    shellText('trap \'rm -f "$p"\' EXIT; set -e'),
    ...keptOwner(there, ids),
    ...setOwnership(ids, bits, 'file'),
    ...(given.validate === undefined ? [] : [validation(given.validate, fresh)]),
    ...(given.backup && there.found !== undefined
      ? [
          shellText(
            'backup="$dest.$$.$(date +%Y-%m-%d@%H:%M:%S)~"; cp -p "$dest" "$backup"; printf \'backup=%s\\n\' "$backup"',
          ),
        ]
      : []),
    shellText('mv -f "$p" "$dest"; p=$dest; trap - EXIT; set +e'),
    look({ follow: false, sum: 'sha1' }),
  ];
  return [{ kind: 'upload', from: source.from, to: fresh, mode: 0o600 }, run(script)];
}

/** A file keeps its owner when it is replaced, as far as we may give it away. */
function keptOwner({ found }: FileFacts, ids: Ids): readonly Script[] {
  if (found?.kind !== 'file' || ids.uid !== undefined) return [];
  return [sh`chown ${`${found.uid}:${found.gid}`} "$p" 2>/dev/null || chgrp ${found.gid} "$p" 2>/dev/null || :`];
}

/** Exit code 87 says: the check said no. Its output comes after a line that tells it apart. */
const INVALID = 87;

function validation(command: string, file: string): Script {
  const [before = '', ...after] = command.split('%s');
  const words = after.flatMap((text) => [sh`${file}`, shellText(text)]);
  const check: Script = { parts: [shellText(before), ...words].flatMap((part) => part.parts) };
  return lines([
    sh`set +e`,
    sh`( ${check} )`,
    sh`rc=$?; if [ $rc -ne 0 ]; then echo "validate=$rc" >&2; exit ${INVALID}; fi; set -e`,
  ]);
}

function concluded(given: Params, sums: Sums, dest: string, done: readonly Done[]): Result {
  const checksum = sums.sha1;
  const last = ended(done.at(-1));
  if (!last.ok && last.rc === INVALID)
    return { ...invalid(last.output?.stdout ?? '', last.output?.stderr ?? ''), checksum };
  const failure = firstFailure(done, `copying to ${dest}`);
  if (failure !== undefined || !last.ok) return { changed: false, failed: true, checksum, ...failure };
  const facts = factsIn(last.output.stdout, 'sha1');
  const backup = saidIn(last.output.stdout)('backup');
  return {
    changed: true,
    checksum,
    md5sum: sums.md5,
    dest,
    src: given.src ?? null,
    ...(facts?.found === undefined ? {} : asRegistered(facts.found)),
    ...(backup === undefined ? {} : { backup_file: backup }),
  };
}

function invalid(stdout: string, stderr: string): Result {
  const status = /validate=(\d+)$/.exec(stderr)?.[1];
  return {
    changed: false,
    failed: true,
    msg: 'failed to validate',
    exit_status: Number(status ?? 1),
    stdout,
    stderr: stderr.replace(/\n?validate=\d+$/, ''),
  };
}

function printable(bytes: Uint8Array): string {
  return bytes.length > LONGEST_DIFF || bytes.includes(0) ? '' : new TextDecoder().decode(bytes);
}
