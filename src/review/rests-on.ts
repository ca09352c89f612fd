import { groupBy } from '../inventory/fold.ts';
import { sha256 } from '../plan/digest.ts';
import type { Input } from '../plan/plan.ts';
import { type Block, code, type Fact, facts, paragraph, plural, type Section, type Text } from './document.ts';
import type { Review } from './review.ts';
import type { Made } from './saved.ts';
import { shown } from './values.ts';

/** Every file and option that the plan was made from: with another one it would have another id. */
export function restsOnSection({ plan, made }: Review): Section {
  const options = optionsOf(plan.options);
  return {
    title: 'What it rests on',
    blocks: [
      paragraph('A run of this plan is refused when one of these files or options is another one.'),
      filesTable(plan.inputs, made),
      ...made.repositories.map(repositoryFacts),
      facts(...options, ['Inventory sources', made.sources.inventory.join(' ')]),
      ...(plan.seed === undefined ? [] : [facts(['Seed of the shuffle', String(plan.seed)])]),
    ],
  };
}

function optionsOf({ limit, forks, tags, skipTags, extraVars }: Review['plan']['options']): readonly Fact[] {
  return [
    ['Limit', limit ?? 'none: all hosts of the plays'],
    ['Forks', `${forks} hosts at a time, where a play does not say`],
    ['Tags', tags.length === 0 ? 'all' : tags.join(', ')],
    ...(skipTags.length === 0 ? [] : [['Skipped tags', skipTags.join(', ')] as const]),
    ...Object.entries(extraVars).map(([name, value]): Fact => [`-e ${name}`, code(shown(value))]),
  ];
}

/** More files of one role in one folder are summed up. */
const MOST_OF_A_FOLDER = 8;

function filesTable(inputs: readonly Input[], made: Made): Block {
  const folders = groupBy(inputs, ({ role, path }) => JSON.stringify([role, folderOf(path)]));
  const rows = [...folders.values()].flatMap((files) =>
    files.length > MOST_OF_A_FOLDER ? [folded(files, made)] : files.map((file) => row(file, made)),
  );
  return { kind: 'table', head: ['Role', 'File', 'In git', 'SHA-256'], rows };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function row(file: Input, made: Made): readonly Text[] {
  return [file.role, code(file.path), stateOf(file.path, made), code(file.sha256)];
}

/** One digest for many files: of their lines as `sha256sum` prints them. */
function folded(files: readonly Input[], made: Made): readonly Text[] {
  const [first] = files;
  const lines = files.map(({ path, sha256: digest }) => `${digest}  ${path}\n`).join('');
  const states = [...new Set(files.map(({ path }) => stateOf(path, made)))];
  const where = `${folderOf(first?.path ?? '')} (${plural(files.length, 'file')}, digest of their list)`;
  return [first?.role ?? '', code(where), states.join(', some '), code(sha256(lines))];
}

function stateOf(path: string, { repositories }: Made): string {
  if (repositories.some(({ committed }) => committed.includes(path))) return 'committed';
  return repositories.some(({ differing }) => differing.includes(path)) ? 'differs from the commit' : 'no';
}

function repositoryFacts({ folder, commit }: Made['repositories'][number]): Block {
  return facts(['Git', code(`${commit} in ${folder}`)]);
}
