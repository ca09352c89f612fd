import type { Span } from './timeline.ts';

/** Where times come to stand on a line. */
export interface TimeAxis {
  readonly at: (time: number) => number;
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  /** Where time is cut out. */
  readonly breaks: readonly Span[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  ...[1, 2, 5, 10, 20, 30].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((each) => each * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((each) => each * HOUR),
];

/** A break of days is as wide as one of minutes: what is looked at is what was done. */
const BREAK_WIDTH = 14;
const MOST_TICKS = 8;
/** As wide as the widest label. */
const LABEL_WIDTH = 74;

/** An axis from `left` on, `width` wide, over the times in which something was going on. */
export function timeAxis(legs: readonly Span[], left: number, width: number): TimeAxis {
  const total = Math.max(1, sum(legs));
  const gap = Math.min(BREAK_WIDTH, width / 2 / Math.max(1, legs.length - 1));
  const scale = (width - gap * Math.max(0, legs.length - 1)) / total;
  const starts = legs.map((_, index) => left + sum(legs.slice(0, index)) * scale + gap * index);
  const at = (time: number) => {
    const index = Math.max(
      0,
      legs.findLastIndex(({ from }) => from <= time),
    );
    const { from = 0, to = 0 } = legs[index] ?? {};
    return (starts[index] ?? left) + (Math.min(Math.max(time, from), to) - from) * scale;
  };
  const breaks = legs.slice(1).map(({ from }, index) => ({ from: at(legs[index]?.to ?? from), to: at(from) }));
  return { at, ticks: ticksOf(legs, total, at), breaks };
}

function ticksOf(legs: readonly Span[], total: number, at: (time: number) => number): TimeAxis['ticks'] {
  const step =
    STEPS.find((each) => total / each <= MOST_TICKS) ?? Math.ceil(total / MOST_TICKS / (24 * HOUR)) * 24 * HOUR;
  const ticks: { readonly x: number; readonly label: string }[] = [];
  for (const { from, to } of legs) {
    for (const time of timesIn(from, to, step)) {
      const x = at(time);
      if (x - (ticks.at(-1)?.x ?? Number.NEGATIVE_INFINITY) >= LABEL_WIDTH)
        ticks.push({ x, label: labelOf(time, step, legs) });
    }
  }
  return ticks;
}

/** A leg without a round time in it has its begin. */
function timesIn(from: number, to: number, step: number): readonly number[] {
  const first = Math.ceil(from / step) * step;
  const count = first > to ? 0 : Math.floor((to - first) / step) + 1;
  return count === 0 ? [from] : Array.from({ length: count }, (_, index) => first + index * step);
}

function labelOf(time: number, step: number, legs: readonly Span[]): string {
  const text = new Date(time).toISOString();
  const day =
    text.slice(0, 10) === new Date(legs[0]?.from ?? time).toISOString().slice(0, 10) ? '' : `${text.slice(5, 10)} `;
  return `${day}${text.slice(11, step % MINUTE === 0 && time % MINUTE === 0 ? 16 : 19)}Z`;
}

function sum(spans: readonly Span[]): number {
  return spans.reduce((total, { from, to }) => total + to - from, 0);
}
