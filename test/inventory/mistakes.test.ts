import { describe, expect, it } from 'vitest';
import { readInventory } from '../../src/inventory/read.ts';
import type { Files } from '../../src/source/files.ts';
import { Mistakes } from '../../src/source/mistakes.ts';
import { memoryFiles } from './memory-files.ts';

function mistakesOf(files: Readonly<Record<string, string>>, sources: readonly string[] = ['hosts']): Mistakes {
  const mistakes = new Mistakes();
  readInventory(sources, memoryFiles(files), mistakes);
  return mistakes;
}

function placed(mistakes: Mistakes): readonly string[] {
  return mistakes.all.map(({ code, place }) =>
    place === undefined ? code : `${code} ${place.file}:${place.line}:${place.column}`,
  );
}

describe('mistakes in INI inventories', () => {
  it.each<[string, string, readonly string[]]>([
    ['a range that runs backwards', 'ok\n web[5:1] a=1\n', ['range hosts:2:2']],
    ['letters that run backwards', 'web[c:a]\n', ['range hosts:1:1']],
    ['unequal padding', 'web[01:100]\n', ['range hosts:1:1']],
    ['no end', 'web[1:]\n', ['range hosts:1:1']],
    ['a dash', 'web[1-3]\n', ['range hosts:1:1']],
    ['a step of zero', 'web[1:3:0]\n', ['range hosts:1:1']],
    ['a step backwards', 'web[10:1:-1]\n', ['range hosts:1:1']],
    ['numbers and letters', 'web[a:3]\n', ['range hosts:1:1']],
    ['four parts', 'web[1:2:3:4]\n', ['range hosts:1:1']],
    ['a range that is not closed', 'web[1:2\n', ['range hosts:1:1']],
    ['a range without its begin', 'web1]\n', ['range hosts:1:1']],
    ['more hosts than there are', 'web[1:999999999]\n', ['range hosts:1:1']],
    ['more hosts than there are, by multiplication', 'w[1:9999][1:9999]\n', ['range hosts:1:1']],
    ['a port that is none', 'web1:abc\n', ['host-port hosts:1:1']],
    ['a port too high', 'web1:65536\n', ['host-port hosts:1:1']],
    ['no port', 'ok\nweb1:\n', ['host-port hosts:2:1']],
    ['two ports', 'web1:22:23\n', ['host-name hosts:1:1']],
    ['a variable among hosts', 'web1\nansible_user=root\n', ['host-name hosts:2:1']],
    ['several hosts in a line', 'web1,web2\n', ['host-name hosts:1:1']],
    ['a path', '../web1\n', ['host-name hosts:1:1']],
    ['a glob', 'web*\n', ['host-name hosts:1:1']],
    ['a sign', '!web1\n', ['host-name hosts:1:1']],
    ['an empty name', '"" a=1\n', ['host-name hosts:1:1']],
    ['brackets around an address without a port', '[fe80::1]\n', ['ini-section hosts:1:1']],
    ['a semicolon behind a host', 'h ; not a comment\n', ['ini-variable hosts:1:3']],
    ['a word that is no assignment', 'h a=1 b\n', ['ini-variable hosts:1:7']],
    ['an assignment without a name', 'h =1\n', ['ini-variable hosts:1:3']],
    ['an open quotation', 'h a=1 b="x\n', ['ini-quotes hosts:1:9']],
    ['a backslash at the end', 'h a=\\\n', ['ini-quotes hosts:1:5']],
    ['an unknown kind of section, told once', '[web:child]\nx y z\n', ['ini-section hosts:1:1']],
    ['a blank in a section', '[a b]\nx\n', ['ini-section hosts:1:1']],
    ['variables of an unknown group', 'h\n[web:vars]\na=1\n', ['group-unknown hosts:2:1']],
    ['an unknown child', '[p:children]\n  nope\n', ['group-unknown hosts:2:3']],
    ['a line that is no variable', 'h\n[all:vars]\nuser root\n', ['ini-variable hosts:3:1']],
    ['a line that is no child', '[p:children]\na b\n', ['ini-child hosts:2:1']],
    ['a cycle', 'h\n[a:children]\nb\n[b:children]\na\n', ['group-cycle hosts:5:1']],
    ['a long cycle', 'h\n[a:children]\nb\n[b:children]\nc\n[c:children]\na\n', ['group-cycle hosts:7:1']],
    ['a group in itself', 'h\n[a:children]\na\n', ['group-cycle hosts:3:1']],
    ['all as a child', 'h\n[a:children]\nall\n', ['group-reserved hosts:3:1']],
    ['ungrouped as a child', 'h\n[a:children]\nungrouped\n', ['group-reserved hosts:3:1']],
    ['a priority that is no number', 'h\n[all:vars]\nansible_group_priority=high\n', ['group-priority hosts:3:1']],
    [
      'several at once',
      'web[5:1]\nh b\n[x:vars]\na=1\n',
      ['range hosts:1:1', 'ini-variable hosts:2:3', 'group-unknown hosts:3:1'],
    ],
    ['only comments', '# nothing\n', ['inventory-empty']],
    ['only groups', '[web]\n[db]\n', ['inventory-empty']],
  ])('%s', (_, text, expected) => {
    expect(placed(mistakesOf({ hosts: text }))).toEqual(expected);
  });

  it.each([
    ['web[5:1]', '[1:5]'],
    ['web[01:100]', '[001:100]'],
    ['web[1-3]', '[1:3]'],
    ['web[1:]', '[1:N]'],
    ['web1:abc', 'web1:22'],
    ['[web:var]', '"vars"'],
    ['web\n[p:children]\nweb1\n[web2]', '"web2"'],
  ])('%s: says what to write instead', (text, instead) => {
    expect(
      mistakesOf({ hosts: `${text}\n` })
        .all.map(({ message }) => message)
        .join('\n'),
    ).toContain(instead);
  });
});

describe('mistakes in YAML inventories', () => {
  it.each<[string, string, readonly string[]]>([
    ['a list', '- a\n', ['inventory-shape hosts.yml:1:1']],
    ['hosts as a list', 'all:\n  hosts:\n    - a\n    - b\n', ['inventory-shape hosts.yml:3:5']],
    ['a host with a text', 'all:\n  hosts:\n    a: text\n', ['inventory-shape hosts.yml:3:8']],
    ['an unknown key', 'all:\n  host:\n    a:\n', ['inventory-key hosts.yml:2:3']],
    ['a group that is a text', 'all:\n  hosts: {h: }\nweb: text\n', ['inventory-shape hosts.yml:3:6']],
    ['a range that runs backwards', 'all:\n  hosts:\n    web[3:1]:\n', ['range hosts.yml:3:5']],
    ['a port that is none', 'all:\n  hosts:\n    "h:x": \n', ['host-port hosts.yml:3:5']],
    ['a cycle', 'a:\n  children:\n    b:\n      children:\n        a:\n', ['group-cycle hosts.yml:3:5']],
    ['a plugin', 'plugin: aws_ec2\n', ['inventory-plugin hosts.yml:1:1']],
    ['a key twice', 'all:\n  hosts:\n    a:\n    a:\n', ['yaml-duplicate-key hosts.yml:4:5']],
    ['a tab', 'all:\n\thosts:\n', ['yaml-tab-as-indent hosts.yml:2:1']],
    ['nothing', '---\n', ['inventory-shape hosts.yml:1:1']],
    [
      'what ansible-inventory --list prints',
      '{"_meta": {"hostvars": {}}, "web": {"hosts": ["a"]}}',
      ['inventory-shape hosts.yml:1:2'],
    ],
    [
      'several at once',
      'all:\n  host: {}\n  hosts: [a]\n',
      ['inventory-key hosts.yml:2:3', 'inventory-shape hosts.yml:3:10'],
    ],
  ])('%s', (_, text, expected) => {
    expect(placed(mistakesOf({ 'hosts.yml': text }, ['hosts.yml']))).toEqual(expected);
  });

  it('are told as YAML mistakes where a file without extension is plainly YAML', () => {
    expect(placed(mistakesOf({ hosts: 'all:\n  hosts: [a]\n' }))).toEqual(['inventory-shape hosts:2:10']);
  });
});

describe('mistakes in what was given as an inventory', () => {
  it.each<[string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    ['none', {}, [], ['inventory-empty']],
    ['one that does not exist', {}, ['nowhere'], ['file-absent']],
    ['an empty file', { hosts: '' }, ['hosts'], ['file-empty']],
    ['a script', { hosts: '#!/bin/sh\necho\n' }, ['hosts'], ['inventory-format hosts:1:1']],
    ['an encrypted file', { hosts: '$ANSIBLE_VAULT;1.1;AES256\n6162\n' }, ['hosts'], ['inventory-format hosts:1:1']],
    ['TOML', { 'h.toml': '[web.hosts]\na = {}\n' }, ['h.toml'], ['inventory-format h.toml:1:1']],
    ['a list with a bad name', {}, ['web1,web2:x,'], ['host-port']],
    ['a list of nothing', {}, [','], ['inventory-empty']],
    ['a folder of ignored files', { 'inv/hosts.ini': 'web1\n' }, ['inv'], ['inventory-empty']],
    ['two that are broken', { a: 'x[2:1]\n', b: 'y:z\n' }, ['a', 'b'], ['range a:1:1', 'host-port b:1:1']],
  ])('%s', (_, files, sources, expected) => {
    expect(placed(mistakesOf(files, sources))).toEqual(expected);
  });

  it('names the files that a folder does not count', () => {
    expect(mistakesOf({ 'inv/hosts.ini': 'web1\n' }, ['inv']).all[0]?.message).toContain('inv/hosts.ini');
  });

  it('tells files that are not text', () => {
    const files: Files = {
      look: (path) => (path === 'hosts' ? { kind: 'file', bytes: new Uint8Array([0xff, 0xfe]) } : { kind: 'absent' }),
    };
    const mistakes = new Mistakes();
    readInventory(['hosts'], files, mistakes);
    expect(placed(mistakes)).toEqual(['file-not-utf8 hosts:1:1']);
  });
});

describe('mistakes in variable files beside an inventory', () => {
  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['a list', { 'host_vars/h.yml': '- a\n' }, ['vars-shape host_vars/h.yml:1:1']],
    ['broken YAML', { 'group_vars/all.yml': 'a: 1\nb: {\n' }, ['yaml-']],
    ['an encrypted file', { 'group_vars/all.yml': '$ANSIBLE_VAULT;1.1;AES256\n' }, ['vault group_vars/all.yml:1:1']],
    ['a priority', { 'group_vars/g.yml': 'ansible_group_priority: 3\n' }, ['group-priority']],
    ['a file where a folder belongs', { group_vars: 'a: 1\n' }, ['vars-folder']],
    ['none in files of groups that do not exist', { 'group_vars/nobody.yml': '- a\n' }, []],
  ])('%s', (_, files, expected) => {
    const found = placed(mistakesOf({ hosts: '[g]\nh\n', ...files }));
    expect(found).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(found[index]).toContain(start);
  });
});
