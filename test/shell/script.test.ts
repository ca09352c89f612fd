import { execFileSync } from 'node:child_process';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argv, lines, MASK, quote, render, Secret, sh, shellText, show } from '../../src/shell/script.ts';

/** What a real shell makes of the words, each ended by a NUL. */
function wordsOf(script: string): readonly string[] {
  const out = execFileSync('/bin/sh', ['-s'], { input: `printf '%s\\0' ${script}\n`, encoding: 'utf8' });
  return out.split('\0').slice(0, -1);
}

/** Whatever can be a word: control characters, quotes and all, but no NUL. */
const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));

describe('quoting', () => {
  it('brings any text through a real shell as one word', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (words) => {
        expect(wordsOf(words.map(quote).join(' '))).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    '',
    ' ',
    "'",
    "''",
    '"',
    '$HOME',
    '`id`',
    '$(id)',
    '\\',
    'a\nb',
    '-n',
    '~',
    '*',
    '!x',
    '#x',
    'a=b',
    '{a,b}',
    '\r',
    '%s',
  ])('brings %j through', (text) => {
    expect(wordsOf(render(sh`${text}`))).toEqual([text]);
  });

  it('leaves alone what needs no quotes', () => {
    expect(['web1.example.com', '/etc/a-b_c', 'a=b', 'x@y:z', '50%'].map(quote)).toEqual([
      'web1.example.com',
      '/etc/a-b_c',
      'a=b',
      'x@y:z',
      '50%',
    ]);
  });

  it('refuses NUL, which no command can be given', () => {
    expect(() => quote('a\0b')).toThrow(RangeError);
  });
});

describe('a script', () => {
  it('is put together from words, lists of words, numbers and scripts', () => {
    const inner = sh`cat ${'a b'}`;
    expect(render(sh`sh -c ${render(inner)} ${['x', 'y z']} ${7}; ${inner}`)).toBe(
      `sh -c 'cat '\\''a b'\\''' x 'y z' 7; cat 'a b'`,
    );
  });

  it('keeps what an operator wrote as it is', () => {
    expect(render(shellText('a | b > "$c"'))).toBe('a | b > "$c"');
  });

  it('quotes each word of an argv', () => {
    expect(render(argv(['echo', 'a b', 3]))).toBe("echo 'a b' 3");
  });

  it('stands line by line', () => {
    expect(render(lines([sh`a`, sh`b ${'c d'}`]))).toBe("a\nb 'c d'");
  });
});

describe('a secret', () => {
  it('is seen by the host alone', () => {
    fc.assert(
      fc.property(word, (tail) => {
        const text = `s3cr3t${tail}`;
        const secret = new Secret(text);
        const script = sh`login ${secret} ${[secret, 'x']}`;
        expect(wordsOf(render(sh`${secret}`))).toEqual([text]);
        const seen = [
          show(script),
          `${secret}`,
          String(secret),
          JSON.stringify({ secret, script }),
          inspect({ secret }),
        ];
        expect(seen.filter((each) => each.includes('s3cr3t'))).toEqual([]);
        expect(show(script)).toBe(`login ${MASK} ${MASK} x`);
      }),
      { numRuns: 40 },
    );
  });

  it('is in no error, no key and no spread', () => {
    const secret = new Secret('s3cr3t');
    expect(inspect(new Error(`failed with ${secret}`, { cause: secret }), { showHidden: true })).not.toContain(
      's3cr3t',
    );
    expect(JSON.stringify([{ ...secret }, Object.entries(secret), inspect(secret, { depth: 9 })])).not.toContain(
      's3cr3t',
    );
  });
});
