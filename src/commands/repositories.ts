import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { groupBy } from '../inventory/fold.ts';
import type { Made } from '../review/saved.ts';

type Repository = Made['repositories'][number];

interface Tracked {
  /** As it was given. */
  readonly path: string;
  readonly file: string;
  readonly top: string;
  readonly commit: string;
}

/** What git says of files: the commit that they stand in, and which of them differ from it. What is outside git is left out. */
export function repositoriesOf(paths: readonly string[], folder: string): readonly Repository[] {
  const files = [...new Set(paths)].flatMap((path) => {
    const file = realPath(resolve(folder, path));
    return file === undefined ? [] : [{ path, file }];
  });
  const tracked = [...groupBy(files, ({ file }) => dirname(file))].flatMap(([inside, beside]): Tracked[] => {
    const [top, commit] = git(inside, ['rev-parse', '--show-toplevel', '--verify', 'HEAD'])?.trim().split('\n') ?? [];
    return top === undefined || commit === undefined ? [] : beside.map((file) => ({ ...file, top, commit }));
  });
  return [...groupBy(tracked, ({ top }) => top)].map(([top, inside]) => repository(top, inside));
}

function repository(top: string, files: readonly Tracked[]): Repository {
  const names = files.map(({ file }) => relative(top, file));
  const known = namesFrom(git(top, ['ls-files', '-z', '--', ...names]));
  const changed = namesFrom(git(top, ['diff', '--no-ext-diff', '--name-only', '-z', 'HEAD', '--', ...names]));
  const isCommitted = ({ file }: Tracked) => known.has(relative(top, file)) && !changed.has(relative(top, file));
  return {
    folder: top,
    commit: files[0]?.commit ?? '',
    committed: files.filter(isCommitted).map(({ path }) => path),
    differing: files.filter((file) => !isCommitted(file)).map(({ path }) => path),
  };
}

function namesFrom(printed: string | undefined): ReadonlySet<string> {
  return new Set(printed?.split('\0'));
}

/** Undefined where there is no git, or no repository. Looks only: takes no lock, and starts nothing that a repository names. */
function git(folder: string, args: readonly string[]): string | undefined {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_LITERAL_PATHSPECS: '1' };
  try {
    return execFileSync('git', ['-C', folder, '-c', 'core.fsmonitor=false', ...args], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
