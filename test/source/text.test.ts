import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Files, Found } from '../../src/source/files.ts';
import { describeMistake, Mistakes } from '../../src/source/mistakes.ts';
import { didYouMean, nearest } from '../../src/source/nearest.ts';
import { placeAt, readText } from '../../src/source/text.ts';
import { isList, isMap, unreachable, type Value } from '../../src/source/value.ts';

function reading(found: Found) {
  const files: Files = { look: () => found };
  const mistakes = new Mistakes();
  const source = readText(files, 'a.yml', 'the playbook', mistakes);
  return { source, said: mistakes.all.map(describeMistake) };
}

const file = (bytes: Uint8Array | string): Found => ({
  kind: 'file',
  bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
});

describe('reading text', () => {
  it.each<[string, Found, string]>([
    ['nothing there', { kind: 'absent' }, 'the playbook a.yml does not exist'],
    ['unreadable', { kind: 'unreadable', why: 'EACCES' }, 'the playbook a.yml cannot be read: EACCES'],
    ['a folder', { kind: 'directory', names: [] }, 'the playbook a.yml is a directory; name a file'],
    ['empty', file(''), 'the playbook a.yml is empty'],
    ['blank', file(' \n\t\n'), 'the playbook a.yml is empty'],
    [
      'a broken character',
      file(Uint8Array.of(97, 10, 0xc3, 0xa4, 98, 0xe4, 98)),
      'a.yml:2:3: the playbook a.yml is not UTF-8 text from here on; save it as UTF-8',
    ],
    [
      'a character that breaks off',
      file(Uint8Array.of(97, 0xc3)),
      'a.yml:1:2: the playbook a.yml is not UTF-8 text from here on; save it as UTF-8',
    ],
    ['a NUL', file('b\na\0b'), 'a.yml:2:2: the playbook a.yml holds NUL bytes; it is not text\n    a\0b\n     ^'],
    [
      'a line of more than a million',
      file(`a\n${'b'.repeat(1_048_577)}\n`),
      'a.yml:2:1: this line has more than 1048576 characters; break it up',
    ],
    [
      'more than 5 MiB',
      file('a\n'.repeat(2_621_441)),
      'the playbook a.yml is 5242882 bytes; the most that is read is 5242880',
    ],
  ])('%s', (_, found, expected) => {
    expect(reading(found)).toEqual({ source: undefined, said: [expected] });
  });

  it.each(['a', 'ä€😀\n', `${'b'.repeat(1_048_576)}\n`, 'a\r\nb'])('takes what is text', (text) => {
    expect(reading(file(text))).toEqual({ source: { file: 'a.yml', text }, said: [] });
  });
});

describe('places', () => {
  it('are those that walking along the text would find', () => {
    const text = fc
      .array(fc.constantFrom('a', 'ä', '😀', '\n', '\r\n', '\t'), { maxLength: 60 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(text, fc.nat(), (whole, random) => {
        const offset = random % (whole.length + 1);
        const before = whole.slice(0, offset).split('\n');
        expect(placeAt({ file: 'f', text: whole }, offset)).toEqual({
          file: 'f',
          line: before.length,
          column: (before.at(-1) ?? '').length + 1,
          excerpt: (whole.split('\n')[before.length - 1] ?? '').replace(/\r$/, ''),
        });
      }),
    );
  });

  it('of a very long line go without it', () => {
    expect(placeAt({ file: 'f', text: `x\n${'a'.repeat(401)}` }, 5)).toEqual({ file: 'f', line: 2, column: 4 });
  });
});

describe('a mistake', () => {
  const place = { file: 'f', line: 3, column: 4 };
  it.each<[string, object, string]>([
    ['alone', {}, 'wrong'],
    ['with its place', { place }, 'f:3:4: wrong'],
    ['with its line', { place: { ...place, excerpt: 'ab cd' } }, 'f:3:4: wrong\n    ab cd\n       ^'],
    ['under a tab', { place: { ...place, column: 3, excerpt: '\ta b' } }, 'f:3:3: wrong\n    \ta b\n    \t ^'],
    [
      'behind wide characters and marks',
      { place: { ...place, column: 8, excerpt: '漢a😀 e\u0301b' } },
      'f:3:8: wrong\n    漢a😀 e\u0301b\n    \u3000     ^',
    ],
    ['at the end of a line', { place: { ...place, excerpt: 'abc' } }, 'f:3:4: wrong\n    abc\n       ^'],
  ])('is described %s', (_, more, expected) => {
    expect(describeMistake({ code: 'c', message: 'wrong', ...more })).toBe(expected);
  });

  it('is told once for a place, and as often as there are places', () => {
    const mistakes = new Mistakes();
    expect(mistakes.none).toBe(true);
    for (const line of [1, 1, 2]) mistakes.add('c', 'wrong', { ...place, line });
    mistakes.add('c', 'wrong');
    mistakes.add('c', 'wrong');
    expect(mistakes.all.map((each) => each.place?.line)).toEqual([1, 2, undefined]);
    expect(mistakes.none).toBe(false);
  });
});

describe('the nearest word', () => {
  const KNOWN = ['when', 'register', 'notify', 'serial'];
  it.each([
    ['wen', 'when'],
    ['WHEN', 'when'],
    ['regsiter', 'register'],
    ['notfy', 'notify'],
    ['serail', 'serial'],
    ['delegate', undefined],
    ['', undefined],
  ])('to %j is %j', (word, expected) => {
    expect(nearest(word, KNOWN)).toBe(expected);
  });

  it('is offered, or nothing is', () => {
    expect(didYouMean('wen', KNOWN)).toBe('; did you mean "when"?');
    expect(didYouMean('xxxxxxx', KNOWN)).toBe('');
  });

  it('to a known word is that word', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, selector: (word) => word.toLowerCase() }),
        (words) => {
          for (const word of words) expect(nearest(word, words)).toBe(word);
        },
      ),
    );
  });

  it('takes no time for words of any length', () => {
    expect(nearest('a'.repeat(1_000_000), KNOWN)).toBeUndefined();
  });
});

describe('values', () => {
  it.each<[Value, boolean, boolean]>([
    [null, false, false],
    ['', false, false],
    [0, false, false],
    [[], false, true],
    [{}, true, false],
  ])('%j', (value, map, list) => {
    expect([isMap(value), isList(value)]).toEqual([map, list]);
  });

  it('nothing can be unreachable and reached', () => {
    expect(() => unreachable('x' as never)).toThrow('a case nobody thought of: "x"');
  });
});
