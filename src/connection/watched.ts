import type { Outcome } from '../shell/outcome.ts';
import { Secret } from '../shell/script.ts';
import { refusal, SudoListener } from './become.ts';
import { Beginning } from './beginning.ts';
import type { Become, RunOptions } from './connection.ts';
import { KeptOutput } from './kept-output.ts';
import type { Ended, Process } from './process.ts';
import { deadline } from './waiting.ts';
import { goSign, type Wrapped } from './wrapping.ts';

/** As RunOptions; stdin may also be a stream, for files that do not fit in memory. */
export interface Running extends Omit<RunOptions, 'stdin'> {
  readonly stdin?: RunOptions['stdin'] | (() => AsyncIterable<Uint8Array>);
}

/** The input of a command, in pieces. */
export async function* inputOf(stdin: Running['stdin']): AsyncIterable<Uint8Array> {
  if (typeof stdin === 'function') yield* stdin();
  else if (stdin instanceof Secret) yield Buffer.from(stdin.reveal());
  else if (stdin !== undefined) yield stdin;
}

export type How = Ended | 'timed_out' | 'aborted' | 'refused' | { readonly kind: 'input'; readonly reason: string };

interface Watching {
  readonly id: string;
  readonly wrapped: Wrapped;
  readonly become: Become | undefined;
  readonly terminal: boolean;
  /** The command says on each stream where its own output begins. */
  readonly signed: boolean;
  readonly options: Running;
}

/** At a terminal, and where sudo speaks, sudo's listener hears the sign. */
function beginningsOf({ id, signed, terminal, become }: Watching): Partial<Record<'stdout' | 'stderr', Beginning>> {
  if (!signed || terminal) return {};
  const stdout = new Beginning(goSign(id));
  return become === undefined ? { stdout, stderr: new Beginning(goSign(id)) } : { stdout };
}

/** One started command: its output, its input, sudo's questions, its limits. */
export class Watched {
  readonly process: Process;
  readonly #with: Watching;
  readonly #kept = { stdout: new KeptOutput('stdout'), stderr: new KeptOutput('stderr') };
  readonly #sudo: SudoListener | undefined;
  readonly #beginnings: Readonly<Partial<Record<'stdout' | 'stderr', Beginning>>>;
  #settle: (how: How) => void = () => {};

  constructor(process: Process, watching: Watching) {
    this.process = process;
    this.#with = watching;
    this.#sudo = watching.become === undefined ? undefined : new SudoListener(watching.id);
    this.#beginnings = beginningsOf(watching);
  }

  /** Nothing came before the command's own output, and that is known: its login shell's profile says nothing. */
  get profileIsQuiet(): boolean {
    const { stdout, stderr } = this.#beginnings;
    return [stdout, stderr].every((beginning) => beginning?.hasBegun === true && beginning.before.length === 0);
  }

  get words(): string {
    return this.#sudo?.words ?? '';
  }

  /** Resolves once with the first of: its end, a limit, sudo's second question. */
  end(): Promise<How> {
    const { timeoutMs, abort } = this.#with.options;
    return new Promise((resolve) => {
      const cancel = timeoutMs === undefined ? () => {} : deadline(timeoutMs, () => this.#settle('timed_out'));
      const aborted = (): void => this.#settle('aborted');
      this.#settle = (how) => {
        cancel();
        abort?.removeEventListener('abort', aborted);
        resolve(how);
      };
      if (abort?.aborted) aborted();
      abort?.addEventListener('abort', aborted, { once: true });
      this.process.onOutput((stream, bytes) => this.#hear(stream, bytes));
      void this.process.ended.then((how) => this.#settle(how));
      if (this.#sudo === undefined || this.#asksNothing()) void this.#feed();
    });
  }

  outcome(how: Exclude<How, 'timed_out' | 'aborted'>): Outcome {
    const { become } = this.#with;
    if (how !== 'refused' && how.kind === 'lost') return { ...how, ...this.output() };
    if (how !== 'refused' && how.kind === 'input') return { kind: 'lost', reason: how.reason, ...this.output() };
    if (become === undefined || this.#sudo === undefined || this.#sudo.letIn) {
      return how === 'refused'
        ? { kind: 'lost', reason: 'refused without become', ...this.output() }
        : { ...how, ...this.output() };
    }
    const code = how !== 'refused' && how.kind === 'exited' ? how.code : undefined;
    const words = how === 'refused' ? `${this.words}\nSorry, try again.`.trim() : this.#everythingSaid();
    return { kind: 'become_refused', reason: refusal(become, words, code), ...this.output() };
  }

  output(): { readonly stdout: Uint8Array; readonly stderr: Uint8Array } {
    return { stdout: this.#saidOn('stdout'), stderr: this.#saidOn('stderr') };
  }

  #saidOn(stream: 'stdout' | 'stderr'): Buffer {
    const beginning = this.#beginnings[stream];
    return beginning === undefined || beginning.hasBegun ? this.#kept[stream].bytes() : beginning.before;
  }

  /** Without a password, or at a terminal, stdin belongs to the command alone. */
  #asksNothing(): boolean {
    return this.#with.become?.password === undefined || this.#with.terminal;
  }

  #everythingSaid(): string {
    return [this.words, this.#saidOn('stdout').toString().trim()].filter((text) => text !== '').join('\n');
  }

  #hear(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const asking = this.#with.terminal ? 'stdout' : 'stderr';
    if (this.#sudo === undefined || this.#sudo.letIn || stream !== asking) {
      const own = this.#beginnings[stream]?.take(bytes) ?? bytes;
      if (own.length > 0) this.#keep(stream, own);
      return;
    }
    const { heard, rest } = this.#sudo.hear(bytes);
    if (rest.length > 0) this.#keep(stream, rest);
    if (heard === 'asked') void this.process.write(Buffer.from(`${this.#with.become?.password?.reveal() ?? ''}\n`));
    if (heard === 'asked-again') this.#refused();
    if (heard === 'let-in' && !this.#asksNothing()) void this.#feed();
  }

  #keep(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#kept[stream].add(bytes);
    this.#with.options.onOutput?.(stream, bytes);
  }

  #refused(): void {
    this.#settle('refused');
    this.process.end();
    this.process.close();
  }

  /** Its input, at the pace it reads. At a terminal there is none: what it reads lies in a file. */
  async #feed(): Promise<void> {
    if (this.#with.terminal) return;
    try {
      await this.#writeAll();
    } catch (error) {
      this.#settle({ kind: 'input', reason: `its input could not be read here: ${(error as Error).message}` });
      this.process.close();
    }
    this.process.end();
  }

  async #writeAll(): Promise<void> {
    const { wrapped, options } = this.#with;
    if (wrapped.preamble !== '' && !(await this.process.write(Buffer.from(wrapped.preamble)))) return;
    for await (const bytes of inputOf(options.stdin)) {
      if (!(await this.process.write(bytes))) return;
    }
  }
}
