import type { Stamped } from '../journal/event.ts';
import type { Span } from '../review/timeline.ts';

/** What was going on when. Of what has not come to its end, `to` is when it was last heard of. */
export interface Spans {
  /** When the run was under way: between them nobody ran it. */
  readonly legs: readonly Span[];
  /** When nothing new was to be begun, by somebody's word. */
  readonly pauses: readonly Span[];
  /** By host: when a step was being taken. */
  readonly steps: ReadonlyMap<string, readonly Span[]>;
  /** By host. */
  readonly windows: ReadonlyMap<string, readonly WindowSpan[]>;
}

export interface WindowSpan extends Span {
  readonly window: string;
  /** How long it may have lasted; absent: it had no deadline. */
  readonly lengthMs?: number;
  readonly isOpen: boolean;
}

type Open<S extends Span> = { -readonly [K in keyof S]: S[K] };

/** Reads the times out of a journal; `now` is when it was looked at, for a run that is still under way. */
export function spansIn(past: readonly Stamped[], now?: string): Spans {
  const spans = new Gathering();
  for (const event of past) spans.add(event);
  return spans.end(now === undefined ? undefined : Date.parse(now));
}

class Gathering {
  readonly #legs: Open<Span>[] = [];
  readonly #pauses: Open<Span>[] = [];
  readonly #steps = new Map<string, Open<Span>[]>();
  readonly #windows = new Map<string, Open<WindowSpan>[]>();
  readonly #running = new Map<string, Open<Span>>();
  readonly #open = new Map<string, Open<WindowSpan>>();
  #pause: Open<Span> | undefined;
  #last = 0;

  add(event: Stamped): void {
    const at = Date.parse(event.at);
    if (event.type === 'run_started' || event.type === 'run_resumed') this.#goOn(at);
    else this.#last = at;
    switch (event.type) {
      case 'step_started':
        this.#running.set(event.host, pushed(this.#steps, event.host, { from: at, to: at }));
        break;
      case 'step_finished':
        this.#endStep(event.host, at);
        break;
      case 'window_opened': {
        const { host, window, lengthMs } = event;
        const span = { from: at, to: at, window, isOpen: true, ...(lengthMs === undefined ? {} : { lengthMs }) };
        this.#open.set(host, pushed(this.#windows, host, span));
        break;
      }
      case 'window_closed':
        this.#closeWindow(event.host, at);
        break;
      case 'run_paused':
      case 'run_aborted':
        this.#beginPause(at);
        break;
      case 'run_continued':
        if (this.#pause !== undefined) this.#pause.to = at;
        this.#pause = undefined;
        break;
    }
  }

  end(now: number | undefined): Spans {
    const at = now ?? this.#last;
    this.#breakOff(at);
    for (const span of this.#open.values()) span.to = at;
    if (this.#pause !== undefined) this.#pause.to = at;
    return { legs: this.#legs, pauses: this.#pauses, steps: this.#steps, windows: this.#windows };
  }

  #goOn(at: number): void {
    this.#breakOff(this.#last);
    this.#legs.push({ from: at, to: at });
    this.#last = at;
  }

  #breakOff(at: number): void {
    const leg = this.#legs.at(-1);
    if (leg !== undefined) leg.to = at;
    for (const span of this.#running.values()) span.to = Math.max(span.from, at);
    this.#running.clear();
  }

  /** Said twice it is one pause. */
  #beginPause(at: number): void {
    if (this.#pause !== undefined) return;
    this.#pause = { from: at, to: at };
    this.#pauses.push(this.#pause);
  }

  #endStep(host: string, at: number): void {
    const span = this.#running.get(host);
    if (span !== undefined) span.to = at;
    this.#running.delete(host);
  }

  #closeWindow(host: string, at: number): void {
    const span = this.#open.get(host);
    if (span === undefined) return;
    span.to = at;
    span.isOpen = false;
    this.#open.delete(host);
  }
}

function pushed<S>(lists: Map<string, S[]>, key: string, item: S): S {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [item]);
  else known.push(item);
  return item;
}
