import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'rollgate-package-'));
const installed = join(work, 'elsewhere', 'node_modules', 'rollgate');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Packs a copy, so that nobody's dist/ is touched, and unpacks it where a user would have it. */
beforeAll(() => {
  const copy = join(work, 'copy');
  const left = ['node_modules', 'dist', '.git', '.rollgate'].map((name) => join(root, name));
  cpSync(root, copy, { recursive: true, filter: (path) => !left.includes(path) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // npm runs `prepare` before it packs: this builds, as `npm ci` does in a fresh clone.
  execFileSync('npm', ['pack', '--offline', '--pack-destination', work], { cwd: copy, stdio: 'pipe' });
  mkdirSync(installed, { recursive: true });
  const tarball = join(work, `rollgate-${manifest.version}.tgz`);
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  // What npm would fetch from the network.
  for (const name of Object.keys(manifest.dependencies))
    symlinkSync(join(root, 'node_modules', name), join(installed, '..', name));
}, 120_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

function rollgate(...argv: readonly string[]): string {
  const cli = join(installed, manifest.bin.rollgate);
  return execFileSync(process.execPath, [cli, ...argv], { cwd: join(work, 'elsewhere'), encoding: 'utf8' });
}

describe('the package', () => {
  it('is built when it is installed from a clone', () => {
    expect(manifest.scripts.prepare).toBe('npm run build');
  });

  it('holds what a user needs, and no tests, sources or source maps', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(readdirSync(installed).sort()).toEqual(
      ['LICENSE', 'README.md', 'dist', 'docs', 'package.json', 'playbooks', 'schemas'].sort(),
    );
    expect(files).toEqual(
      expect.arrayContaining(['dist/cli.js', 'playbooks/executor-shutdown.yml', 'schemas/playbook.schema.json']),
    );
    expect(files.filter((name) => /\.(ts|map)$|\.test\./.test(name))).toEqual([]);
  });

  it('says its version', () => {
    expect(rollgate('--version')).toBe(`${manifest.version}\n`);
  });

  it('runs where nothing else is, on the playbook that comes with it', () => {
    const playbook = join(installed, 'playbooks', 'executor-shutdown.yml');
    const vars = ['-e', 'gdb_image=sha256:0', '-e', 'gdb_archive=gdb.tar'];
    expect(rollgate('check', playbook, '-i', 'agent1,agent2', ...vars)).toMatch(/no mistakes; 2 plays, .*, 2 hosts\n$/);
    expect(rollgate('plan', playbook, '-i', 'agent1,', ...vars)).toContain('Executor shutdown');
  });

  it('needs at run time only what it declares', () => {
    const dist = join(installed, 'dist');
    const texts = readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(dist, name), 'utf8'));
    const imported = texts.flatMap((text) =>
      [
        ...text.matchAll(
          /(?:^(?:import|\}) .*\bfrom |\bimport\(|require\w*\(|import\.meta\.url\)\()"([^".\s][^"\s]*)"/gim,
        ),
      ].map(([, name]) => name),
    );
    const packages = new Set(imported.filter((name) => name !== undefined && !isBuiltin(name)));
    // All others are part of what was built.
    expect([...packages].sort()).toEqual(['listr2', 'minijinja-js', 'ssh2']);
    expect(Object.keys(manifest.dependencies)).toEqual(expect.arrayContaining([...packages]));
  });

  it('runs as a command: the file that npm links says what runs it', () => {
    expect(readFileSync(join(installed, manifest.bin.rollgate), 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
  });
});
