/** What hosts and inventories may call things. */
export const HOSTILE: readonly string[] = [
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

/** What steers a terminal or turns text around. */
export const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/;

/** The tags and attributes of a page, without their values. */
export function marks(html: string): readonly string[] {
  const body = html.replace(/<style>[^<]*<\/style>/, '');
  return (body.match(/<[^>]*>/g) ?? []).map((tag) => tag.replaceAll(/"[^"]*"/g, '""'));
}

/** Lines of Markdown in which what should be text makes a mark. */
export function marksInMarkdown(markdown: string): readonly string[] {
  const inside = withoutCode(markdown)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line
        .replace(/^(#+ |> \*\*Mind:\*\* |- \*\*|- \[ \] |- |\| )/, '')
        .replaceAll(/:\*\*| \| | \|$|(\\_)+$/g, '')
        .replaceAll(/&(amp|lt|gt);/g, ''),
    );
  return inside.filter((line) => /(?<!\\)(\\\\)*[`*_[\]|~$@<&]|(?<!\\):\/\//.test(line));
}

/** Code is what no mark has a meaning in: fences and spans are taken out. */
function withoutCode(markdown: string): string {
  return markdown
    .replaceAll(/^(`{3,})\n[\s\S]*?\n\1$/gm, '')
    .replaceAll(/(?<![`\\])(`+)(?!`)(.|\\\|)*?(?<!`)\1(?!`)/g, 'code');
}
