import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Which room may import which: the house as docs/architecture.md describes it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  source: [],
  shell: [],
  expressions: ['source'],
  inventory: ['source', 'expressions'],
  actions: ['source', 'shell'],
  gates: ['source', 'shell'],
  playbook: ['source', 'expressions', 'actions', 'gates'],
  plan: ['source', 'expressions', 'inventory', 'playbook', 'actions', 'gates', 'shell'],
  journal: ['source', 'plan'],
  ledger: ['source', 'inventory', 'actions', 'journal'],
  connection: ['source', 'inventory', 'shell'],
  engine: ['source', 'plan', 'journal', 'ledger', 'expressions', 'actions', 'gates', 'connection', 'shell'],
  report: ['source', 'inventory', 'plan', 'journal', 'shell'],
  review: ['source', 'inventory', 'plan', 'journal', 'actions', 'engine', 'report'],
  account: ['source', 'inventory', 'plan', 'journal', 'report', 'review'],
  commands: [
    'source',
    'shell',
    'expressions',
    'inventory',
    'actions',
    'gates',
    'playbook',
    'plan',
    'journal',
    'ledger',
    'connection',
    'engine',
    'report',
    'review',
    'account',
  ],
  'cli.ts': ['commands'],
};

/** Rooms that only compute: the world comes to them as values and arguments. */
const PURE = [
  'source',
  'shell',
  'expressions',
  'inventory',
  'actions',
  'gates',
  'playbook',
  'plan',
  'engine',
  'review',
  'account',
];
const WORLDLY =
  /from '(node:)?(fs|fs\/promises|net|child_process|dgram|http|https|tls|timers|timers\/promises|readline|os|ssh2)'|\b(process\.(env|argv|stdout|stderr|stdin|cwd|exit|on)\b|Date\.now\(\)|Math\.random\(\)|new Date\(\)|setTimeout\(|setInterval\(|console\.)/;

/** Of those modules, what only computes. */
const COMPUTING = /^import \{ (isIPv6|constants) \} from 'node:(net|os)';$/;

const root = join(import.meta.dirname, '..', 'src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const roomOf = (file: string) => file.split('/')[0] ?? file;

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+\.ts)'/g)].map((match) => match[1] ?? '');
  return found.map((path) => relative(root, join(root, file, '..', path)));
}

describe('the rooms of src/', () => {
  it('are those of the table', () => {
    expect(new Set(files.map(roomOf))).toEqual(new Set(Object.keys(MAY_IMPORT)));
  });

  it.each(files)('%s imports only what its room may', (file) => {
    const room = roomOf(file);
    const foreign = importsOf(file)
      .map(roomOf)
      .filter((other) => other !== room && !(MAY_IMPORT[room] ?? []).includes(other));
    expect(foreign).toEqual([]);
  });

  it('have no cycle', () => {
    const state = new Map<string, 'entered' | 'left'>();
    const visit = (room: string, path: readonly string[]): readonly string[] => {
      if (state.get(room) === 'left') return [];
      if (state.get(room) === 'entered') return [...path, room];
      state.set(room, 'entered');
      const cycle = (MAY_IMPORT[room] ?? []).flatMap((other) => visit(other, [...path, room]));
      state.set(room, 'left');
      return cycle;
    };
    expect(Object.keys(MAY_IMPORT).flatMap((room) => visit(room, []))).toEqual([]);
  });

  it.each(files.filter((file) => PURE.includes(roomOf(file))))('%s does not touch the world', (file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    const touching = lines.filter(
      (line) => WORLDLY.test(line) && !/^\s*(\/?\*|\/\/)/.test(line) && !COMPUTING.test(line),
    );
    expect(touching).toEqual([]);
  });
});
