import { type TimeAxis, timeAxis } from './time-axis.ts';
import type { Span, Timeline, TimelineRow } from './timeline.ts';

const WIDTH = 1000;
/** Room for the names of hosts, and for the marks behind the last bar. */
const LEFT = 190;
const RIGHT = 24;
const HEAD = 22;
/** Rows are as high as is pleasant, or as low as is needed for all to be seen at once. */
const ROW = 16;
const MOST_HEIGHT = 720;
/** Below this a name does not fit into its row: only some are named. */
const NAMED = 12;
/** Characters of a name. */
const MOST_OF_A_NAME = 28;

type Escaped = (text: string) => string;

/** A picture that needs no network and no script: thin bars and thick ones, row by row, on one time. */
export function timelineFigure(timeline: Timeline, escaped: Escaped): string {
  const { title, legend, description, legs, rows, pauses } = timeline;
  const axis = timeAxis(legs, LEFT, WIDTH - LEFT - RIGHT);
  const height = Math.min(ROW, MOST_HEIGHT / Math.max(1, rows.length));
  const bottom = HEAD + height * rows.length + 2;
  const every = Math.ceil(NAMED / height);
  const apart = [...axis.breaks, ...pauses.map(({ from, to }) => ({ from: axis.at(from), to: axis.at(to) }))];
  return `<figure><figcaption>${escaped(title)}${legend === undefined ? '' : `<br>${escaped(legend)}`}</figcaption>
<div class="scrolls" tabindex="0" role="region" aria-label="${escaped(title)}">
<svg viewBox="0 0 ${WIDTH} ${rounded(bottom)}" role="img" xmlns="http://www.w3.org/2000/svg"><title>${escaped(title)}</title><desc>${escaped(description)}</desc>
${apart.map(({ from, to }) => bar('apart', from, HEAD, Math.max(1, to - from), bottom - HEAD)).join('')}
${axis.ticks.map(({ x, label }) => tick(x, bottom, escaped(label))).join('\n')}
${rows.map((row, index) => rowMarks(row, HEAD + index * height, height, index % every === 0, axis, escaped)).join('\n')}
${badMarks(rows, height, axis, escaped).join('\n')}
</svg></div></figure>`;
}

function tick(x: number, bottom: number, label: string): string {
  const at = rounded(x);
  return `<path class="tick" d="M${at} ${HEAD - 6}V${rounded(bottom)}"/><text x="${at}" y="11" text-anchor="middle">${label}</text>`;
}

function rowMarks(
  row: TimelineRow,
  y: number,
  height: number,
  isNamed: boolean,
  axis: TimeAxis,
  escaped: Escaped,
): string {
  const name = isNamed
    ? `<text x="${LEFT - 8}" y="${rounded(y + Math.min(height, NAMED) - 2)}" text-anchor="end">${escaped(short(row.label))}</text>`
    : '';
  const low = Math.max(height / 4, Math.min(height, 0.8));
  const bars = [
    ...drawn(row.thin, axis).map(({ from, to }) => bar('thin', from, y + (height - low) / 2, to - from, low)),
    ...drawn(row.thick, axis).map(({ from, to }) => bar('thick', from, y + height * 0.08, to - from, height * 0.84)),
  ];
  return name + bars.join('');
}

/** A cross behind the last bar; where rows are too low for names it has its own, as long as there is room. */
function badMarks(rows: readonly TimelineRow[], height: number, axis: TimeAxis, escaped: Escaped): readonly string[] {
  let named = Number.NEGATIVE_INFINITY;
  return rows.flatMap((row, index) => {
    if (!row.isBad) return [];
    const y = HEAD + (index + 0.5) * height + 4;
    const isNamed = height < NAMED && y - named >= NAMED;
    if (isNamed) named = y;
    return [cross(row, y, isNamed ? escaped(short(row.label)) : '', axis)];
  });
}

function cross({ thin, thick }: TimelineRow, y: number, name: string, axis: TimeAxis): string {
  const spans = [...thin, ...thick];
  const end = axis.at(Math.max(...spans.map(({ to }) => to)));
  // On the right there is no room for a name: it stands before the bar.
  const isLeft = name !== '' && end > WIDTH * 0.75;
  const x = isLeft ? axis.at(Math.min(...spans.map(({ from }) => from))) - 4 : end + 4;
  const text = isLeft ? `${name} ✕` : `✕ ${name}`;
  return `<text class="bad" x="${rounded(x)}" y="${rounded(y)}"${isLeft ? ' text-anchor="end"' : ''}>${text.trim()}</text>`;
}

/** Spans as they come to stand, each wide enough to be seen, those that touch as one. */
function drawn(spans: readonly Span[], axis: TimeAxis): readonly Span[] {
  const merged: { from: number; to: number }[] = [];
  for (const span of spans) {
    const from = axis.at(span.from);
    const to = Math.max(from + 1, axis.at(span.to));
    const last = merged.at(-1);
    if (last !== undefined && from - last.to < 1) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

function bar(kind: string, x: number, y: number, width: number, height: number): string {
  return `<rect class="${kind}" x="${rounded(x)}" y="${rounded(y)}" width="${rounded(width)}" height="${rounded(height)}"/>`;
}

function short(name: string): string {
  return name.length <= MOST_OF_A_NAME ? name : `${name.slice(0, MOST_OF_A_NAME - 1)}…`;
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
