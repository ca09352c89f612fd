import { EOL } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import {
  ANSI_ESCAPE_CODES,
  DefaultRenderer,
  Listr,
  ListrDefaultRendererLogLevels,
  ListrLogger,
  ProcessOutput,
} from 'listr2';
import { isOrder } from '../journal/orders.ts';
import { columnsOf } from './columns.ts';
import { sayingForecasts } from './forecast-line.ts';
import { frame } from './frame.ts';
import { quietly } from './json.ts';
import { type LinesOptions, orderLine, warningText } from './lines.ts';
import { COLOURS, NO_COLOURS } from './paint.ts';
import { recapOf } from './recap.ts';
import { recapLines } from './recap-text.ts';
import type { Report } from './report.ts';
import { Counting } from './tally.ts';

export interface TerminalOptions extends Omit<LinesOptions, 'stream'> {
  readonly stream: NodeJS.WriteStream;
  readonly colour: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface TerminalReport extends Report {
  /** Takes the rows away, so that a person can be asked something; resolves when the terminal is free. */
  suspend(): Promise<void>;
  resume(): void;
}

/** How often the rows are drawn anew, whatever happens in between. Milliseconds. */
const REFRESH_MS = 200;
/** listr2 keeps two columns to itself. */
const MARGIN = 3;

/** Rows on a terminal, drawn anew a few times a second; warnings stay above them, and at the end the recap takes their place. */
export function terminalReport(options: TerminalOptions): TerminalReport {
  const { stream, now } = options;
  const paint = options.colour ? COLOURS : NO_COLOURS;
  const output = quietly(stream);
  const counting = new Counting(options.plan);
  counting.recall(options.progress());
  const draw = () => {
    const size = { columns: (stream.columns ?? 80) - MARGIN, rows: stream.rows ?? 24 };
    try {
      return frame(counting.tally, size, now(), paint).join(EOL) || ' ';
    } catch (error) {
      // A bug on the screen must not end a run that stands in a window.
      return `the run goes on, but it cannot be shown: ${(error as Error).message}`;
    }
  };
  const screen = new Screen(stream, draw);
  const sayForecast = sayingForecasts();
  return {
    onEvent: (event) => {
      counting.count(event);
      if (event.type === 'warning') screen.print(paint.changed(warningText(event)));
      const forecast = event.type === 'forecast' ? sayForecast(event) : undefined;
      if (forecast !== undefined) screen.print(paint.strong(forecast));
      if (isOrder(event)) screen.print(paint.strong(orderLine(event)));
    },
    suspend: () => screen.hide(),
    resume: () => screen.show(),
    finish: async () => {
      await screen.end();
      output.write(`${recapLines(recapOf(options.progress(), options), paint).join('\n')}\n`);
      await output.flushed();
    },
  };
}

/** Rows that can be taken away and put back, and lines that stay above them. One change after the other. */
class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #draw: () => string;
  readonly #output: ReturnType<typeof quietly>;
  readonly #timer: NodeJS.Timeout;
  #rows: Rows | undefined;
  #wanted = true;
  #lines: string[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(stream: NodeJS.WriteStream, draw: () => string) {
    this.#stream = stream;
    this.#draw = draw;
    this.#output = quietly(stream);
    this.#rows = showRows(stream, draw);
    this.#timer = setInterval(() => this.#tick(), REFRESH_MS);
    // A clock on the screen is no reason to keep the process alive.
    this.#timer.unref();
  }

  /** Prints a line above the rows at the next change: many at once cost no more than one. */
  print(line: string): void {
    this.#lines.push(line);
  }

  hide(): Promise<void> {
    this.#wanted = false;
    return this.#change();
  }

  show(): void {
    this.#wanted = true;
    void this.#change();
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.hide();
    this.#printLines();
  }

  #tick(): void {
    if (this.#lines.length > 0 && this.#wanted) void this.#change();
    else this.#rows?.refresh();
  }

  #change(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#redo());
    return this.#turn;
  }

  async #redo(): Promise<void> {
    await this.#rows?.end();
    this.#rows = undefined;
    // Somebody may be asked something just now: lines wait for the answer.
    if (!this.#wanted) return;
    this.#printLines();
    this.#rows = showRows(this.#stream, this.#draw);
  }

  #printLines(): void {
    const lines = this.#lines.splice(0);
    if (lines.length > 0) this.#output.write(`${lines.join('\n')}\n`);
  }
}

interface Rows {
  refresh(): void;
  /** Takes the rows away; resolves when the stream is free again. */
  end(): Promise<void>;
}

function showRows(stream: NodeJS.WriteStream, draw: () => string): Rows {
  let release: () => void = () => undefined;
  const released = new Promise<void>((done) => {
    release = done;
  });
  const output = new LiveOutput(stream);
  const erase = reflowEraser(stream, output);
  let refresh: () => void = () => undefined;
  const list = new Listr<object, typeof OneRenderer>(
    [
      {
        title: draw(),
        task: (_, task) => {
          refresh = () => {
            erase(task.title);
            task.title = draw();
          };
          return released;
        },
      },
    ],
    { renderer: OneRenderer, rendererOptions: rendererOptions(output), registerSignalListeners: false },
  );
  const over = list.run();
  return {
    refresh: () => refresh(),
    end: async () => {
      release();
      await over;
    },
  };
}

/**
 * When a terminal is made narrower, rows that were drawn wider take several lines each, and listr2 would leave their
 * upper halves standing. Takes those lines away first.
 */
function reflowEraser(stream: NodeJS.WriteStream, output: ProcessOutput): (shown: string) => void {
  let columns = stream.columns;
  return (shown) => {
    const before = columns;
    columns = stream.columns;
    if (columns >= before) return;
    const rows = shown.split(EOL).map((row) => columnsOf(stripVTControlCharacters(row)));
    const extra = rows.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)) - 1, 0);
    output.toStdout('\x1b[2K\x1b[1A'.repeat(extra), false);
  };
}

/** listr2's own, on the stream it is given: whether that is a terminal has been decided already. */
class OneRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

function rendererOptions(output: ProcessOutput) {
  return {
    // We say when to draw, and what: all of a screen is one title of several lines.
    lazy: true,
    clearOutput: true,
    indentation: 0,
    formatOutput: 'truncate',
    icon: {
      [ListrDefaultRendererLogLevels.PENDING]: '',
      [ListrDefaultRendererLogLevels.COMPLETED]: '',
      [ListrDefaultRendererLogLevels.WAITING]: '',
    },
    logger: new ListrLogger({ useIcons: true, toStderr: [], processOutput: output }),
  } as const;
}

/**
 * listr2 notes the size of a terminal once, but people resize theirs. And it would hold back what anybody else prints
 * until its rows end: a message about a fault must be seen at once, even through the rows.
 */
class LiveOutput extends ProcessOutput {
  readonly #terminal: NodeJS.WriteStream;

  constructor(terminal: NodeJS.WriteStream) {
    super(terminal);
    this.#terminal = terminal;
  }

  override hijack(): void {
    this.toStdout(ANSI_ESCAPE_CODES.CURSOR_HIDE, false);
  }

  override release(): void {
    this.toStdout(ANSI_ESCAPE_CODES.CURSOR_SHOW, false);
  }

  override get stdout(): NodeJS.WriteStream {
    const terminal = this.#terminal;
    return {
      write: (text: string) => terminal.write(text),
      get columns() {
        return terminal.columns;
      },
      get rows() {
        return terminal.rows;
      },
    } as NodeJS.WriteStream;
  }
}
