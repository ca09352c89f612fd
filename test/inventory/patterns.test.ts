import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldHosts } from '../../src/inventory/fold.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { limitHosts, selectHosts } from '../../src/inventory/patterns.ts';
import { readInventory } from '../../src/inventory/read.ts';
import { Mistakes } from '../../src/source/mistakes.ts';
import type { SourceText } from '../../src/source/text.ts';
import { memoryFiles } from './memory-files.ts';

function inventoryOf(text: string): Inventory {
  return readInventory(['hosts'], memoryFiles({ hosts: text }), new Mistakes()).inventory;
}

const inventory = inventoryOf(
  'solo\n[web]\nweb[1:4]\n[db]\ndb[01:03]\n[agents]\nagent[001:020]\nap1\n[empty]\n[v6]\nfe80::1\n[up:children]\nweb\ndb\n',
);

describe('patterns', () => {
  it.each<[string, readonly string[]]>([
    ['a*', [...Array.from({ length: 20 }, (_, i) => `agent${String(i + 1).padStart(3, '0')}`), 'ap1']],
    ['agent[001-003,005]', ['agent001', 'agent002', 'agent003', 'agent005']],
    ['up[-1]', ['db03']],
    ['v6,solo', ['fe80::1', 'solo']],
  ])('%s', (pattern, hosts) => {
    expect(selectHosts(pattern, inventory)).toEqual({ hosts, implicit: [], problems: [] });
  });

  it.each<[string, string, number]>([
    ['', 'pattern-empty', 0],
    [',', 'pattern-empty', 0],
    ['nosuch', 'pattern-unknown', 0],
    ['web:!nosuch', 'pattern-unknown', 4],
    ['web, &nosuch', 'pattern-unknown', 5],
    ['web:no*', 'pattern-unknown', 4],
    ['all:!no*', 'pattern-unknown', 4],
    ['~nothing', 'pattern-unknown', 0],
    ['~(web', 'pattern-regex', 0],
    ['web:!', 'pattern-empty', 4],
    ['web[4]', 'pattern-subscript', 0],
    ['web[-5]', 'pattern-subscript', 0],
    ['web[4:]', 'pattern-subscript', 0],
    ['web[2:1]', 'pattern-subscript', 0],
    ['web[:2]', 'pattern-subscript', 0],
    ['web[1-2]', 'pattern-subscript', 0],
    ['empty[0]', 'pattern-subscript', 0],
    ['WEB', 'pattern-unknown', 0],
    ['agent[001-030]', 'pattern-unknown', 0],
  ])('a problem, at its place: %s', (pattern, code, offset) => {
    const { problems } = selectHosts(pattern, inventory);
    expect(problems.map((each) => [each.code, each.offset])).toEqual([[code, offset]]);
  });

  it.each([
    ['wbe', '"web"'],
    ['agent01', '"agent001"'],
    ['web[:2]', 'web[0:2]'],
    ['web[2:1]', '[1:2]'],
    ['web[9]', '0 to 3'],
    ['agent[019-022]', 'agent[021-022]'],
  ])('%s: says what to write instead', (pattern, instead) => {
    expect(selectHosts(pattern, inventory).problems[0]?.message).toContain(instead);
  });

  it('finds every problem of a pattern', () => {
    expect(selectHosts('x1:web:!y1:&z1', inventory).problems.map(({ offset }) => offset)).toEqual([0, 7, 11]);
  });

  it('selects a group without hosts without complaint', () => {
    expect(selectHosts('empty', inventory)).toEqual({ hosts: [], implicit: [], problems: [] });
  });

  it('says when localhost stands in no inventory', () => {
    expect(selectHosts('localhost', inventory)).toEqual({
      hosts: ['localhost'],
      implicit: ['localhost'],
      problems: [],
    });
    expect(selectHosts('web1,127.0.0.1,localhost', inventory).hosts).toEqual(['web1', '127.0.0.1']);
    expect(selectHosts('all', inventory).hosts).not.toContain('localhost');
    expect(selectHosts('localhost', inventoryOf('localhost\n')).implicit).toEqual([]);
  });

  const names = fc.subarray(
    [...inventory.hosts.keys()].filter((name) => !name.includes(':')),
    { minLength: 1 },
  );
  const groups = fc.constantFrom('web', 'db', 'agents', 'up', 'all');

  it('takes back what a fold of several hosts shows', () => {
    const agents = fc.subarray(inventory.groups.get('agents')?.allHosts.slice() ?? [], { minLength: 2 });
    fc.assert(
      fc.property(agents, (hosts) => {
        const selected = selectHosts(foldHosts(hosts), inventory);
        expect(selected.problems).toEqual([]);
        expect([...selected.hosts].sort()).toEqual([...hosts].sort());
      }),
    );
  });

  it('selects what is named, once, in the order of writing', () => {
    fc.assert(
      fc.property(names, (hosts) => {
        expect(selectHosts([...hosts, ...hosts].join(','), inventory).hosts).toEqual(hosts);
      }),
    );
  });

  it('applies & and ! last, wherever they are written', () => {
    fc.assert(
      fc.property(groups, groups, groups, (named, wanted, excluded) => {
        const expected = selectHosts(`${named}:&${wanted}:!${excluded}`, inventory).hosts;
        expect(selectHosts(`!${excluded}:&${wanted}:${named}`, inventory).hosts).toEqual(expected);
        expect(expected).toEqual(
          (inventory.groups.get(named)?.allHosts ?? []).filter(
            (host) =>
              inventory.groups.get(wanted)?.allHosts.includes(host) &&
              !inventory.groups.get(excluded)?.allHosts.includes(host),
          ),
        );
      }),
    );
  });

  it('never falls over, whatever is written', () => {
    const anything = fc.string({
      unit: fc.constantFrom('w', 'e', 'b', '1', '[', ']', ':', '!', '&', '~', '*', '?', '-', ',', '(', '\\', '{'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(anything, (pattern) => {
        const { hosts } = selectHosts(pattern, inventory);
        expect(new Set(hosts).size).toBe(hosts.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('--limit', () => {
  const play = ['web4', 'web3', 'web2', 'web1', 'db01'];

  function limited(limit: string, files: Readonly<Record<string, string>> = {}) {
    const mistakes = new Mistakes();
    const read: SourceText[] = [];
    const hosts = limitHosts(limit, play, inventory, memoryFiles(files), mistakes, read);
    return { hosts, read: read.map(({ file }) => file), mistakes: mistakes.all };
  }

  it.each<[string, string, readonly string[], string?]>([
    ['keeps the order of the play', 'web1,web3', ['web3', 'web1']],
    ['intersects', 'db', ['db01']],
    ['may leave none', 'agents', []],
    ['excludes', '!web1', ['web4', 'web3', 'web2', 'db01']],
    ['takes a file, a pattern a line', '@f', ['web2', 'web1'], '# hosts\nweb1\n\n  web2  # the second\r\n'],
    ['takes patterns from a file', '@f', ['web4', 'web3', 'web2'], 'web\n!web1\n'],
    ['joins a file and a pattern', '@f,db01', ['web1', 'db01'], 'web1\n'],
    ['excludes from a file what stands beside it', '@f:!web2', ['web1'], 'web[0:1]\n'],
    ['excludes a file', '!@f', ['web4', 'web3', 'db01'], 'web1\nweb2\n'],
    ['excludes nothing by an empty file', '!@f', play, ''],
    ['excludes nothing by a file of comments', 'web:!@f', play.slice(0, 4), '# none\n'],
    ['intersects with a file', 'all:&@f', ['web1'], 'web1\n'],
  ])('%s', (_, limit, hosts, text) => {
    expect(limited(limit, text === undefined ? {} : { f: text })).toEqual({
      hosts,
      read: text === undefined || text === '' ? [] : ['f'],
      mistakes: [],
    });
  });

  it.each<[string, string, string, string?]>([
    ['an empty limit', '', 'limit-empty'],
    ['a limit of commas', ',,', 'limit-empty'],
    ['an empty file', '@f', 'limit-empty', ''],
    ['a file of comments', '@f', 'limit-empty', '# none\n\n'],
    ['a file that does not exist', '@nowhere', 'file-absent'],
    ['an excluded file that does not exist', '!@nowhere', 'file-absent'],
    ['an unknown name', 'web9', 'pattern-unknown'],
    ['an unknown name that is excluded', '!web9', 'pattern-unknown'],
  ])('a mistake: %s', (_, limit, code, text) => {
    const { hosts, mistakes } = limited(limit, text === undefined ? {} : { f: text });
    expect(mistakes.map((each) => each.code)).toEqual([code]);
    expect(hosts).toEqual([]);
  });

  it('tells the place of a mistake in a file', () => {
    const { mistakes } = limited('@f', { f: 'web1\n# no\n  web9\n' });
    expect(mistakes.map(({ place }) => place)).toEqual([{ file: 'f', line: 3, column: 3, excerpt: '  web9' }]);
  });
});
