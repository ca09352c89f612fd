import { printable, printableLine } from '../report/printable.ts';
import { unreachable } from '../source/value.ts';
import type { Block, Document, Section, Text } from './document.ts';
import { STYLE } from './style.ts';
import { timelineFigure } from './timeline-svg.ts';

/** The document as one file that asks nothing of any network, and runs nothing. */
export function asHtml({ title, sections }: Document): string {
  const contents = sections.map((section, index) => `<li><a href="#s${index + 1}">${prose(section.title)}</a></li>`);
  const body = sections.map((section, index) => sectionHtml(section, 2, `s${index + 1}`));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${prose(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#s1">Skip the contents</a>
<header><h1>${prose(title)}</h1></header>
<nav aria-label="Contents"><ol>${contents.join('')}</ol></nav>
<main>
${body.join('\n')}
</main>
</body>
</html>
`;
}

function sectionHtml({ title, blocks, parts = [] }: Section, level: number, id: string): string {
  const heading = `<h${level} id="${id}-title">${prose(title)}</h${level}>`;
  const inside = parts.map((part, index) => sectionHtml(part, level + 1, `${id}-${index + 1}`));
  return `<section id="${id}" aria-labelledby="${id}-title">${[heading, ...blocks.map(blockHtml), ...inside].join('\n')}</section>`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${prose(block.text)}</p>`;
    case 'warning':
      return `<p class="mind" role="note"><strong>Mind:</strong> ${prose(block.text)}</p>`;
    case 'facts':
      return `<dl>${block.facts.map(([label, value]) => `<div><dt>${prose(label)}</dt><dd>${inline(value)}</dd></div>`).join('')}</dl>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`;
    case 'table':
      return tableHtml(block.head, block.rows);
    case 'code':
      return codeHtml(block);
    case 'timeline':
      return timelineFigure(block.timeline, prose);
    case 'blanks':
      return `<dl class="blanks">${block.labels.map((label) => `<div><dt>${prose(label)}</dt><dd></dd></div>`).join('')}</dl>`;
    default:
      return unreachable(block);
  }
}

/** On paper, what is longer may be broken: kept in one piece it would leave the page before it empty. Lines. */
const LONG = 24;

function codeHtml({ text, columns }: Extract<Block, { kind: 'code' }>): string {
  const classes = [...(columns ? ['columns'] : []), ...(text.split('\n').length > LONG ? ['long'] : [])];
  const named = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
  return `<pre tabindex="0"${named}><code>${escaped(printable(text))}</code></pre>`;
}

/** On a phone a row becomes a card, in which each cell says what it is. */
function tableHtml(head: readonly string[], rows: readonly (readonly Text[])[]): string {
  const cells = (row: readonly Text[]) =>
    row.map((cell, column) => `<td data-label="${prose(head[column] ?? '')}">${inline(cell)}</td>`).join('');
  const columns = head.map((each) => `<th scope="col">${prose(each)}</th>`).join('');
  const lines = rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n');
  return `<table><thead><tr>${columns}</tr></thead><tbody>\n${lines}\n</tbody></table>`;
}

function inline(text: Text): string {
  if (typeof text === 'string') return prose(text);
  return text.code === '' ? '' : `<code>${prose(text.code)}</code>`;
}

function prose(text: string): string {
  return escaped(printableLine(text));
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
