import type { Files, Found } from '../../src/source/files.ts';

/** Files that stand nowhere but here; folders follow from the paths. */
export function memoryFiles(texts: Readonly<Record<string, string>>): Files {
  return { look: (path) => look(texts, path) };
}

function look(texts: Readonly<Record<string, string>>, path: string): Found {
  const text = texts[path];
  if (text !== undefined) return { kind: 'file', bytes: new TextEncoder().encode(text) };
  const inside = Object.keys(texts).filter((each) => path === '.' || each.startsWith(`${path}/`));
  const start = path === '.' ? 0 : path.length + 1;
  const names = new Set(inside.map((each) => each.slice(start).split('/')[0] ?? ''));
  return names.size === 0 ? { kind: 'absent' } : { kind: 'directory', names: [...names] };
}
