import { describe, expect, it } from 'vitest';
import { asHtml } from '../../src/review/as-html.ts';
import { asMarkdown } from '../../src/review/as-markdown.ts';
import { asText } from '../../src/review/as-text.ts';
import type { Document } from '../../src/review/document.ts';

const HOSTILE: readonly string[] = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '[click](javascript:alert(1)) ![x](http://e.example/x.png) https://e.example www.e.example',
  '**bold** _it_ ~~gone~~ `code` ``more`` $x$ @somebody #12 | cell | \\| end',
  '# heading\n- item\n1. one\n> quote\n```\nfence\n```',
  '- [ ] item',
  '=HYPERLINK("http://e.example","x")',
  '\x1b[2J\x1b]0;title\x07 \u202eevil \x9b31m \0',
  '&lt;b&gt; &amp; &#60;',
];

/** Each text in every place that a document has. */
function everywhere(text: string): Document {
  return {
    title: text,
    sections: [
      {
        title: text,
        blocks: [
          { kind: 'paragraph', text },
          { kind: 'warning', text },
          {
            kind: 'facts',
            facts: [
              [text, text],
              [text, { code: text }],
            ],
          }, // prettier-ignore
          { kind: 'list', items: [text, { code: text }] },
          { kind: 'table', head: [text, text], rows: [[text, { code: text }]] },
          { kind: 'code', text },
          { kind: 'blanks', labels: [text] },
        ],
        parts: [{ title: text, blocks: [] }],
      },
    ],
  };
}

const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/;

/** The tags and attributes of a page, without their values. */
function marks(html: string): readonly string[] {
  const body = html.replace(/<style>[^<]*<\/style>/, '');
  return (body.match(/<[^>]*>/g) ?? []).map((tag) => tag.replaceAll(/"[^"]*"/g, '""'));
}

describe('a hostile text', () => {
  it.each(HOSTILE)('is text in HTML: %j', (text) => {
    const html = asHtml(everywhere(text));
    expect(marks(html)).toEqual(marks(asHtml(everywhere('plain'))));
    expect(html).not.toMatch(CONTROLS);
  });

  it.each(HOSTILE)('is text in plain text: %j', (text) => {
    expect(asText(everywhere(text))).not.toMatch(CONTROLS);
  });

  it.each(HOSTILE)('makes no marks in Markdown: %j', (text) => {
    const markdown = asMarkdown(everywhere(text));
    const prose = withoutCode(markdown);
    expect(prose.replaceAll(/&(amp|lt|gt);/g, '')).not.toMatch(/(?<!\\)[<&]/);
    const inside = prose
      .split('\n')
      .filter((line) => line !== '')
      .map((line) =>
        line.replace(/^(#+ |> \*\*Mind:\*\* |- \*\*|- \[ \] |- |\| )/, '').replaceAll(/:\*\*| \| | \|$|(\\_)+$/g, ''),
      );
    expect(inside.filter((line) => /(?<!\\)(\\\\)*[`*_[\]|~$@]|(?<!\\):\/\//.test(line))).toEqual([]);
    expect(markdown).not.toMatch(CONTROLS);
  });

  it('keeps a table’s cells apart in Markdown', () => {
    const [row] = asMarkdown(everywhere('a|b')).match(/^\| a.*$/m) ?? [];
    expect(row).toBe('| a\\|b | a\\|b |');
    expect(asMarkdown(everywhere('a|b'))).toContain('| a\\|b | `a\\|b` |');
  });

  it('is as a whole still there', () => {
    expect(asMarkdown(everywhere('a `b` c'))).toContain('``a `b` c``');
    expect(asHtml(everywhere('<b>'))).toContain('<code>&lt;b&gt;</code>');
    expect(asText(everywhere('\x1b[2J'))).toContain('\\x1b[2J');
  });
});

/** Code is what no mark has a meaning in: fences and spans are taken out. */
function withoutCode(markdown: string): string {
  return markdown
    .replaceAll(/^(`{3,})\n[\s\S]*?\n\1$/gm, '')
    .replaceAll(/(?<![`\\])(`+)(?!`)(.|\\\|)*?(?<!`)\1(?!`)/g, 'code');
}
