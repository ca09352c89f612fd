import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hostAsJson, listAsJson } from '../../src/inventory/list.ts';
import { readInventory } from '../../src/inventory/read.ts';
import type { Files } from '../../src/source/files.ts';
import { Mistakes } from '../../src/source/mistakes.ts';
import { memoryFiles } from './memory-files.ts';

function readOk(files: Files, ...sources: readonly string[]) {
  const mistakes = new Mistakes();
  const result = readInventory(sources, files, mistakes);
  expect(mistakes.all).toEqual([]);
  return result;
}

const disk: Files = {
  look: (path) =>
    statSync(path, { throwIfNoEntry: false }) === undefined
      ? { kind: 'absent' }
      : statSync(path).isDirectory()
        ? { kind: 'directory', names: readdirSync(path) }
        : { kind: 'file', bytes: readFileSync(path) },
};

describe('the sample inventories', () => {
  const folder = fileURLToPath(new URL('../../inventories/', import.meta.url));
  const ini = readOk(disk, `${folder}example.ini`);
  const yaml = readOk(disk, `${folder}example.yml`);

  it('say the same in INI and in YAML', () => {
    expect(listAsJson(yaml.inventory)).toEqual(listAsJson(ini.inventory));
    expect(yaml.inventory.groups.get('all')?.allHosts).toEqual(ini.inventory.groups.get('all')?.allHosts);
  });

  it('take variables from the files beside them', () => {
    expect(hostAsJson(ini.inventory, 'agent007')).toEqual({
      agent_port: 5051,
      agent_unit: 'dcos-mesos-slave',
      ansible_port: 2222,
      ansible_user: 'core',
      dcos_version: '1.8.8',
      executor_recovery_minutes: 15,
      rack: 'r9',
    });
    expect(hostAsJson(ini.inventory, 'nobody')).toBeUndefined();
  });
});

describe('readInventory', () => {
  it('names every file it read, each once', () => {
    const files = memoryFiles({
      'inv/hosts': '[g]\nh\n',
      'inv/more': 'i\n',
      'inv/group_vars/all.yml': 'a: 1\n',
      'inv/group_vars/g/x.yml': 'b: 1\n',
      'inv/group_vars/other.yml': 'c: 1\n',
      'inv/host_vars/h.yml': 'd: 1\n',
    });
    const { read } = readOk(files, 'inv/hosts', 'inv/more', 'inv/hosts');
    expect([...new Set(read.map(({ file }) => file))].sort()).toEqual([
      'inv/group_vars/all.yml',
      'inv/group_vars/g/x.yml',
      'inv/host_vars/h.yml',
      'inv/hosts',
      'inv/more',
    ]);
  });

  it('orders hosts level by level, each level as it is written', () => {
    const text =
      'all:\n  children:\n    c1: {children: {g1: {hosts: {a: }}}}\n    c2: {hosts: {b: }, children: {g2: {hosts: {c: }}}}\n  hosts: {solo: }\n';
    const { inventory } = readOk(memoryFiles({ 'h.yml': text }), 'h.yml');
    expect(inventory.groups.get('all')?.allHosts).toEqual(['solo', 'b', 'a', 'c']);
    expect([...inventory.hosts.keys()]).toEqual(['a', 'b', 'c', 'solo']);
  });

  it('gives hosts their groups, sorted, without all', () => {
    const { inventory } = readOk(memoryFiles({ hosts: 's\n[z]\nh\n[p:children]\nz\n[a]\nh\n' }), 'hosts');
    expect(inventory.hosts.get('h')?.groups).toEqual(['a', 'p', 'z']);
    expect(inventory.hosts.get('s')?.groups).toEqual(['ungrouped']);
  });

  it('gives groups their variables, files beside included', () => {
    const files = memoryFiles({ hosts: '[g]\nh\n[g:vars]\na=1\nb=1\n', 'group_vars/g.yml': 'b: 2\n' });
    expect(readOk(files, 'hosts').inventory.groups.get('g')?.vars).toEqual({ a: 1, b: 2 });
  });

  it('keeps names that JavaScript objects treat apart', () => {
    const { inventory } = readOk(memoryFiles({ hosts: '[constructor]\n__proto__ toString=1 __proto__=2\n' }), 'hosts');
    expect(Object.entries(inventory.hosts.get('__proto__')?.vars ?? {})).toEqual([
      ['toString', 1],
      ['__proto__', 2],
    ]);
    expect(JSON.stringify(listAsJson(inventory))).toContain('"__proto__":{"__proto__":2,"toString":1}');
  });
});
