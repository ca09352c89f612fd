import { printable, printableLine } from '../report/printable.ts';
import { unreachable } from '../source/value.ts';
import type { Block, Document, Section, Text } from './document.ts';

/** The document for tickets and pull requests: CommonMark with tables. */
export function asMarkdown({ title, sections }: Document): string {
  return `${[`# ${prose(title)}`, ...sections.flatMap((section) => sectionBlocks(section, 2))].join('\n\n')}\n`;
}

function sectionBlocks({ title, blocks, parts = [] }: Section, level: number): readonly string[] {
  return [
    `${'#'.repeat(level)} ${prose(title)}`,
    ...blocks.map(blockText),
    ...parts.flatMap((part) => sectionBlocks(part, level + 1)),
  ];
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return prose(block.text);
    case 'warning':
      return `> **Mind:** ${prose(block.text)}`;
    case 'facts':
      return block.facts.map(([label, value]) => `- **${prose(label)}:** ${inline(value)}`).join('\n');
    case 'list':
      return block.items.map((item) => `- ${inline(item)}`).join('\n');
    case 'table':
      return tableText(block.head, block.rows);
    case 'code':
      return fenced(printable(block.text));
    case 'timeline':
      return prose(block.timeline.description);
    case 'blanks':
      return block.labels.map((label) => `- [ ] ${prose(label)}: ${'\\_'.repeat(20)}`).join('\n');
    default:
      return unreachable(block);
  }
}

function tableText(head: readonly string[], rows: readonly (readonly Text[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  // A table's cells are cut at every bar, those in code too, unless a backslash stands before it.
  const cell = (text: Text) => (typeof text === 'string' ? prose(text) : inline(text).replaceAll('|', '\\|'));
  return [line(head.map(prose)), line(head.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join('\n');
}

function inline(text: Text): string {
  return typeof text === 'string' ? prose(text) : span(printableLine(text.code));
}

/** Everything that Markdown, or a site that shows it, would take for more than text: links and mentions too. */
function prose(text: string): string {
  return printableLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]{}#|~$!@=^]/g, '\\$&')
    .replace(/:(?=\/\/)|(?<=www)\./gi, '\\$&')
    .replace(/^(\s*)([-+])(?=\s|$)/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/** Code with its own backquotes stands between longer ones. */
function span(text: string): string {
  if (text.trim() === '') return text;
  const fence = '`'.repeat(longestRun(text) + 1);
  const edge = /^[` ]|[` ]$/.test(text) ? ' ' : '';
  return `${fence}${edge}${text}${edge}${fence}`;
}

function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
