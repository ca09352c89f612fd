import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masking } from '../../src/shell/masking.ts';
import { MASK } from '../../src/shell/script.ts';

describe('masking', () => {
  it.each<[string, readonly string[], string, string]>([
    ['nothing to hide', [], 'as it is', 'as it is'],
    ['one secret, everywhere', ['abc'], 'abcabc-abc', `${MASK}${MASK}-${MASK}`],
    [
      'the longest first, so that none leaves a rest',
      ['pass', 'password1', 'word'],
      'password1 pass',
      `${MASK} ${MASK}`,
    ],
    ['what regular expressions would read otherwise', ['a.c$(x)', '[^z]'], 'abc a.c$(x) [^z]', `abc ${MASK} ${MASK}`],
    ['a secret of two characters is left: masking it would hide nothing', ['ab'], 'cab', 'cab'],
    ['over lines', ['a\nb'], 'xa\nby', `x${MASK}y`],
    ['line by line', ['-- begin --\n{\nthe body\n'], 'x the body { x', `x ${MASK} { x`],
    ['as a shell quotes it', ["it's"], "login 'it'\\''s'", `login '${MASK}'`],
    ['as JSON quotes it', ['a"b\n'], '{"x": "a\\"b\\n"}', `{"x": "${MASK}"}`],
    ['a replacement pattern in the text', ['secret'], '$& secret $1', `$& ${MASK} $1`],
  ])('%s', (_, secrets, text, expected) => {
    expect(masking(secrets)(text)).toBe(expected);
  });

  it('leaves no secret in any text', () => {
    const secret = fc.string({ minLength: 3, maxLength: 12 }).filter((text) => !text.includes('*'));
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1 }), fc.array(fc.string()), (secrets, between) => {
        const text = secrets.map((each, index) => `${between[index] ?? ''}${each}`).join('');
        const masked = masking(secrets)(text);
        expect(secrets.filter((each) => masked.includes(each))).toEqual([]);
      }),
    );
  });
});
