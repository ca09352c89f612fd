import { describe, expect, it } from 'vitest';
import { asHtml } from '../../src/review/as-html.ts';
import { asMarkdown } from '../../src/review/as-markdown.ts';
import { asText } from '../../src/review/as-text.ts';
import type { Document } from '../../src/review/document.ts';
import { STYLE } from '../../src/review/style.ts';
import { CONTROLS, HOSTILE, marks, marksInMarkdown } from './hostile.ts';

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
          },
          { kind: 'list', items: [text, { code: text }] },
          { kind: 'table', head: [text, text], rows: [[text, { code: text }]] },
          { kind: 'code', text },
          { kind: 'code', text, columns: true },
          { kind: 'blanks', labels: [text] },
        ],
        parts: [{ title: text, blocks: [] }],
      },
    ],
  };
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
    expect(marksInMarkdown(markdown)).toEqual([]);
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

describe('the page', () => {
  const ratio = (one: string, other: string) => {
    const [light = 0, dark = 0] = [one, other].map(luminance).sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const themes = [...STYLE.matchAll(/:root \{([^}]*)\}/g)].map(([, text = '']) =>
    Object.fromEntries([...text.matchAll(/--([\w-]+): (#\w+)/g)].map(([, name, colour]) => [name, colour])),
  );

  it.each(['light', 'dark', 'print'].map((name, index) => [name, themes[index] ?? {}] as const))(
    'can be read by weak eyes: %s',
    (_, theme) => {
      const { paper = '', panel = '', 'mind-paper': mindPaper = '', mind = '' } = theme;
      for (const colour of ['ink', 'faint', 'link', 'bad'])
        for (const ground of [paper, panel]) expect(ratio(theme[colour] ?? '', ground), colour).toBeGreaterThan(4.5);
      expect(ratio(mind, mindPaper)).toBeGreaterThan(4.5);
    },
  );

  it('has its headings in order, and everything that scrolls can be reached by keyboard', () => {
    const html = asHtml({ ...everywhere('x'), sections: [...everywhere('x').sections, ...everywhere('y').sections] });
    const levels = [...html.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    expect(levels).toEqual([1, 2, 3, 2, 3]);
    expect(html.match(/<pre(?! tabindex="0")/g)).toBeNull();
    expect(html).toContain('<html lang="en">');
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, to] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(to);
  });
});

/** WCAG's relative luminance of `#rgb` or `#rrggbb`. */
function luminance(colour: string): number {
  const hex = colour.length === 4 ? colour.replaceAll(/[^#]/g, '$&$&') : colour;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
