import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitFreeForm } from '../../src/actions/free-form.ts';
import { splitWords } from '../../src/actions/words.ts';
import { quote } from '../../src/shell/script.ts';

// The expected words are what Python's shlex.split gives.
describe('splitting a command into words', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    ['  ', []],
    ['ls -l /tmp', ['ls', '-l', '/tmp']],
    ['echo "a b" c\'d e\'f', ['echo', 'a b', 'cd ef']],
    ['echo a\\ b "c\\"d" "\\n" \'\\n\'', ['echo', 'a b', 'c"d', '\\n', '\\n']],
    ['echo \'\' ""', ['echo', '', '']],
    ['a | b > c $HOME *', ['a', '|', 'b', '>', 'c', '$HOME', '*']],
    ['a # b', ['a', '#', 'b']],
    ['a\nb\tc', ['a', 'b', 'c']],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual({ ok: true, words });
  });

  // Ansible joins such lines before shlex sees them.
  it.each<[string, readonly string[]]>([
    ['docker run \\\n  --rm x', ['docker', 'run', '--rm', 'x']],
    ['docker run \\\n--rm \\\n', ['docker', 'run', '--rm']],
    ["echo 'a \\\nb'", ['echo', 'a \\\nb']],
  ])('joins lines: %j', (text, words) => {
    expect(splitWords(text)).toEqual({ ok: true, words });
  });

  it.each(['echo "a', "echo 'a", 'echo a\\'])('refuses %j', (text) => {
    expect(splitWords(text).ok).toBe(false);
  });

  it('gives back the words that were quoted', () => {
    const word = fc.string().filter((each) => !each.includes('\0'));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitWords(words.map(quote).join(' '))).toEqual({ ok: true, words });
      }),
    );
  });
});

const KEYS = ['creates', 'chdir'];

describe('free form', () => {
  it.each<[string, string, Record<string, string>]>([
    ['ls -l', 'ls -l', {}],
    ['ls creates=/x chdir=/tmp', 'ls', { creates: '/x', chdir: '/tmp' }],
    ['creates="/a b" ls  -l', 'ls  -l', { creates: '/a b' }],
    ['echo a=b creates=/x', 'echo a=b', { creates: '/x' }],
    ['echo "creates=/x"', 'echo "creates=/x"', {}],
    ['echo {{ a == "x y" }} chdir={{ the folder }}', 'echo {{ a == "x y" }}', { chdir: '{{ the folder }}' }],
    ['for i in 1 2; do\n  echo $i\ndone', 'for i in 1 2; do\n  echo $i\ndone', {}],
    ["awk '{ print $1 }' f", "awk '{ print $1 }' f", {}],
    ['', '', {}],
    ['ls \\\ncreates=/x', 'ls', { creates: '/x' }],
    ['printf "a\\n" creates="/x\\ty"', 'printf "a\\n"', { creates: '/x\ty' }],
  ])('a command: %j', (text, rest, params) => {
    expect(splitFreeForm(text, KEYS)).toEqual({ ok: true, text: rest, params });
  });

  it.each<[string, string, Record<string, string>]>([
    ['src=a dest="b c" mode=0644', '', { src: 'a', dest: 'b c', mode: '0644' }],
    ['msg="a=b" verbosity=1', '', { msg: 'a=b', verbosity: '1' }],
    ['src=a oops', 'oops', { src: 'a' }],
    ['content="a\\nb\\\\n \\"c\\" \\u00e9\\x41\\d" dest=\'\\t\'', '', { content: 'a\nb\\n "c" éA\\d', dest: '\t' }],
    ["content='x y' dest={{ a }}/{{ b }}", '', { content: 'x y', dest: '{{ a }}/{{ b }}' }],
  ])('words only: %j', (text, rest, params) => {
    expect(splitFreeForm(text)).toEqual({ ok: true, text: rest, params });
  });

  it.each(['echo "a', "echo 'a b"])('refuses %j', (text) => {
    expect(splitFreeForm(text, KEYS).ok).toBe(false);
  });

  it('keeps a text without known keys as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const split = splitFreeForm(text, []);
        if (split.ok) expect(split.text).toBe(text.trim());
      }),
    );
  });
});
