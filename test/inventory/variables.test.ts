import { describe, expect, it } from 'vitest';
import { readExtraVars } from '../../src/inventory/extra-vars.ts';
import { readVarsFile } from '../../src/inventory/vars-file.ts';
import { Mistakes } from '../../src/source/mistakes.ts';
import type { SourceText } from '../../src/source/text.ts';
import type { ValueMap } from '../../src/source/value.ts';
import { memoryFiles } from './memory-files.ts';

describe('-e', () => {
  const files = memoryFiles({ 'v.yml': 'a: 1\nb: [x]\n', 'v.json': '{"a": true}', list: '- a\n', empty: '' });

  it.each<[string, readonly string[], ValueMap]>([
    ['strings', ['a=1', 'b=True'], { a: '1', b: 'True' }],
    ['several in one', ['a=1 b=2\nc=3'], { a: '1', b: '2', c: '3' }],
    ['quotes', [`a="x y" b='1 2' c=it"s"`], { a: 'x y', b: '1 2', c: 'it"s"' }],
    ['a quoted pair', ['a="b=c"'], { a: 'b=c' }],
    ['further equals signs', ['a=b=c'], { a: 'b=c' }],
    ['escaped equals signs', ['a\\=b=c'], { 'a\\=b': 'c' }],
    ['nothing as a value', ['a='], { a: '' }],
    ['templates', ["a={{ b | default('x y') }}"], { a: "{{ b | default('x y') }}" }],
    ['escapes', ['a="x\\ny" b=\\x41'], { a: 'x\ny', b: 'A' }],
    ['letters beyond the BMP', ['a=😀 b="😀 y"'], { a: '😀', b: '😀 y' }],
    ['JSON', ['{"a": 1, "b": [true, null]}'], { a: 1, b: [true, null] }],
    ['YAML in braces', ['{a: yes, b: 010}'], { a: true, b: 8 }],
    ['a file', ['@v.yml'], { a: 1, b: ['x'] }],
    ['later ones win', ['a=0', '@v.yml', '@v.json', 'b=z'], { a: true, b: 'z' }],
  ])('%s', (_, args, vars) => {
    const mistakes = new Mistakes();
    expect(readExtraVars(args, files, mistakes).vars).toEqual(vars);
    expect(mistakes.all).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    ['no assignment', 'foo', 'extra-vars', '"foo" is not key=value'],
    ['no name', '=foo', 'extra-vars', 'key=value'],
    ['a second word without quotes', 'a=x y', 'extra-vars', '"y"'],
    ['an open quotation', 'a="x', 'extra-vars', 'not closed'],
    ['an open template', 'a={{ x', 'extra-vars', 'not closed'],
    ['nothing', '  ', 'extra-vars', 'nothing'],
    ['a path', './v.yml', 'extra-vars', '-e @./v.yml'],
    ['the name of a file', 'v.yml', 'extra-vars', '-e @v.yml'],
    ['a list', '[1, 2]', 'vars-shape', '-e "[1, 2]"'],
    ['broken JSON', '{"a": ', 'yaml-', '-e "{'],
    ['a file that does not exist', '@no.yml', 'file-absent', 'no.yml'],
    ['a file that is a list', '@list', 'vars-shape', 'mapping'],
    ['a file that is empty', '@empty', 'file-empty', 'empty'],
  ])('a mistake: %s', (_, arg, code, says) => {
    const mistakes = new Mistakes();
    readExtraVars([arg], files, mistakes);
    expect(mistakes.all[0]?.code).toContain(code);
    expect(mistakes.all[0]?.message).toContain(says);
  });

  it('finds every mistake and names the files it read', () => {
    const mistakes = new Mistakes();
    const { read } = readExtraVars(['x', '@v.yml', 'y', '@v.json'], files, mistakes);
    expect(mistakes.all).toHaveLength(2);
    expect(read.map(({ file }) => file)).toEqual(['v.yml', 'v.json']);
  });
});

describe('variable files', () => {
  const files = memoryFiles({ 'p/vars/a.yml': 'a: 1\n', 'b.yml': 'b: 2\n', 'bad.yml': 'x: 1\ny: [\n' });

  it('are found beside the file that asks for them', () => {
    const read: SourceText[] = [];
    expect(readVarsFile('vars/a.yml', files, new Mistakes(), { besides: 'p/play.yml', read })).toEqual({ a: 1 });
    expect(readVarsFile('b.yml', files, new Mistakes())).toEqual({ b: 2 });
    expect(read.map(({ file }) => file)).toEqual(['p/vars/a.yml']);
  });

  it('tell where a missing one was asked for, and where a broken one is broken', () => {
    const mistakes = new Mistakes();
    const askedBy = { file: 'play.yml', line: 3, column: 7 };
    readVarsFile('none.yml', files, mistakes, { askedBy });
    readVarsFile('bad.yml', files, mistakes, { askedBy });
    expect(mistakes.all[0]).toMatchObject({ code: 'file-absent', place: askedBy });
    expect(mistakes.all[1]?.place?.file).toBe('bad.yml');
  });
});
