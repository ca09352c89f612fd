import { printable, printableLine } from '../report/printable.ts';
import { unreachable } from '../source/value.ts';
import type { Block, Document, Section, Text } from './document.ts';

/** Characters. */
const WIDTH = 100;

/** The document for terminals, mails and tickets that take nothing but text. */
export function asText({ title, sections }: Document): string {
  const head = printableLine(title);
  return `${[head, '='.repeat(head.length), ...sections.flatMap((section) => sectionLines(section, 0))].join('\n')}\n`;
}

/** One section of it alone. */
export function sectionAsText(section: Section): string {
  return sectionLines(section, 0).slice(1).join('\n');
}

function sectionLines({ title, blocks, parts = [] }: Section, depth: number): readonly string[] {
  const head = printableLine(title);
  const heading = depth === 0 ? [head, '-'.repeat(head.length)] : [`* ${head}`];
  const inside = [
    ...blocks.flatMap((block, index) => [...gap(blocks[index - 1], block), ...blockLines(block)]),
    ...parts.flatMap((part) => sectionLines(part, depth + 1)),
  ];
  return ['', ...heading, ...(depth === 0 ? inside : inside.map((line) => (line === '' ? '' : `  ${line}`)))];
}

/** Tables stand apart from what is around them. */
function gap(previous: Block | undefined, { kind }: Block): readonly string[] {
  return previous !== undefined && (kind === 'table' || previous.kind === 'table') ? [''] : [];
}

function blockLines(block: Block): readonly string[] {
  switch (block.kind) {
    case 'paragraph':
      return wrapped(printableLine(block.text), '');
    case 'warning':
      return wrapped(`!! ${printableLine(block.text)}`, '   ');
    case 'facts':
      return factLines(block.facts.map(([label, value]) => [printableLine(label), plain(value)]));
    case 'list':
      return block.items.flatMap((item) => wrapped(`- ${plain(item)}`, '  '));
    case 'table':
      return tableLines([block.head.map(printableLine), ...block.rows.map((row) => row.map(plain))]);
    case 'code':
      return printable(block.text)
        .split('\n')
        .map((line) => `    ${line}`);
    case 'timeline':
      return wrapped(printableLine(block.timeline.description), '');
    case 'blanks':
      return block.labels.flatMap((label) => ['', `${printableLine(label)}: ${'_'.repeat(40)}`]);
    default:
      return unreachable(block);
  }
}

function plain(text: Text): string {
  return printableLine(typeof text === 'string' ? text : text.code);
}

function factLines(facts: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...facts.map(([label]) => label.length)) + 2;
  return facts.flatMap(([label, value]) => wrapped(`${label.padEnd(width)}${value}`, ' '.repeat(width)));
}

/** Columns are as wide as what stands in them; the last one may be as long as it likes. */
function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0] ?? '', widths.map((width) => '-'.repeat(Math.min(width, WIDTH))).join('  '), ...lines.slice(1)];
}

/** Broken at blanks only: what is read letter by letter must not be cut. */
function wrapped(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S)(?= )/)) {
    if (line.length + word.length > WIDTH && line.trim() !== '') {
      lines.push(line);
      line = indent + word.trimStart();
    } else line += word;
  }
  return [...lines, line];
}
