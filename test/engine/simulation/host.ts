import type { RunOptions } from '../../../src/connection/connection.ts';
import type { Outcome } from '../../../src/shell/outcome.ts';
import { type Script, show } from '../../../src/shell/script.ts';
import type { Cut, Fate, Word } from './fate.ts';
import type { VirtualTime } from './virtual-time.ts';

/** From and to, in milliseconds of the virtual clock. */
export type Span = readonly [number, number];

/** How long an attempt to connect takes that nobody answers. */
const CONNECTING_MS = 10_000;

/** A host at the connection's interface: what it is sent takes time, its network goes away and comes back, its guard fires. */
export class SimulatedHost {
  /** When its first socket was shut, and when its agent was restarted after that. */
  shutAtMs: number | undefined;
  restartedAtMs: number | undefined;
  restartedBy: 'run' | 'guard' | undefined;
  window: 'never opened' | 'open' | 'closed' = 'never opened';
  /** When a command of its own was under way, or an attempt to connect. */
  readonly busy: Span[] = [];
  readonly outages: Span[] = [];
  readonly #time: VirtualTime;
  readonly #fate: Fate;
  readonly #cuts: Cut[];
  #openedAtMs = 0;
  #armed = 0;
  #hasFired = false;
  #file = '';

  constructor(fate: Fate, time: VirtualTime) {
    this.#fate = fate;
    this.#time = time;
    this.#cuts = [...fate.cuts];
  }

  async run(script: Script, options: RunOptions): Promise<Outcome> {
    const from = this.#time.monotonic();
    const outcome = await this.#run(show(script), options);
    this.busy.push([from, this.#time.monotonic()]);
    return outcome;
  }

  async #run(command: string, { timeoutMs = Number.POSITIVE_INFINITY, abort }: RunOptions): Promise<Outcome> {
    const word = wordIn(command);
    const cut = this.#cutAt(word);
    if (cut?.share === 0) this.#loseNetwork(cut);
    if (this.#isOut()) return this.#notReached(abort);
    this.#begin(word, command);
    const tookMs = this.#fate.hangsAt === word ? Number.POSITIVE_INFINITY : this.#fate.msOf(word);
    const endsAtMs = this.#time.monotonic() + tookMs;
    const brokenAfterMs = cut === undefined ? Number.POSITIVE_INFINITY : Math.min(tookMs, 60_000) * cut.share;
    // What was begun goes on without the connection.
    if (tookMs < timeoutMs) this.#time.at(endsAtMs, () => this.#end(word));
    const waits = Math.min(tookMs, timeoutMs, brokenAfterMs);
    if (!(await this.#passes(waits, abort))) return { kind: 'aborted', left: '', ...said('') };
    if (cut !== undefined && brokenAfterMs < Math.min(tookMs, timeoutMs)) return this.#broken(cut);
    if (timeoutMs <= tookMs) return { kind: 'timed_out', left: '', ...said('') };
    if (this.#fate.failsAt === word) return { kind: 'exited', code: 1, ...said('') };
    return { kind: 'exited', code: 0, ...said(this.#answer(word, command)) };
  }

  #cutAt(word: Word): Cut | undefined {
    const index = this.#cuts.findIndex(({ at }) => at === word);
    return index < 0 || this.#isOut() ? undefined : this.#cuts.splice(index, 1)[0];
  }

  #loseNetwork({ forMs }: Cut): void {
    const from = this.#time.monotonic();
    this.outages.push([from, from + forMs]);
  }

  #isOut(): boolean {
    return this.#time.monotonic() < (this.outages.at(-1)?.[1] ?? 0);
  }

  async #notReached(abort: AbortSignal | undefined): Promise<Outcome> {
    await this.#passes(CONNECTING_MS, abort);
    return { kind: 'unreachable', reason: 'no answer', ...said('') };
  }

  async #broken(cut: Cut): Promise<Outcome> {
    this.#loseNetwork(cut);
    await this.#time.sleep(cut.noticedAfterMs);
    return { kind: 'lost', reason: 'the connection broke', ...said('') };
  }

  /** False: it was let go of meanwhile. */
  #passes(ms: number, abort: AbortSignal | undefined): Promise<boolean> {
    return this.#time.sleep(ms, abort).then(
      () => true,
      () => false,
    );
  }

  #begin(word: Word, command: string): void {
    if (word === 'open' && !this.#fate.refusesWindow && this.window !== 'open') this.#open(command);
    if (word === 'shut') this.shutAtMs ??= this.#time.monotonic();
    this.#file = /printf '%s\\n' '(.*)'; \} >\$new/.exec(command)?.[1] ?? this.#file;
  }

  #open(command: string): void {
    this.window = 'open';
    this.#openedAtMs = this.#time.monotonic();
    const afterSeconds = /--on-active='?(\d+)s/.exec(command)?.[1];
    if (afterSeconds === undefined) return;
    const armed = ++this.#armed;
    this.#time.at(this.#openedAtMs + Number(afterSeconds) * 1000, () => {
      if (armed === this.#armed) this.#fire();
    });
  }

  #fire(): void {
    this.#hasFired = true;
    this.#restart('guard');
  }

  #restart(by: 'run' | 'guard'): void {
    if (this.shutAtMs === undefined || this.restartedAtMs !== undefined) return;
    this.restartedAtMs = this.#time.monotonic();
    this.restartedBy = by;
  }

  #end(word: Word): void {
    if (word === 'home') this.#restart('run');
    if (word !== 'close') return;
    this.#armed += 1;
    this.window = 'closed';
  }

  #answer(word: Word, command: string): string {
    const fired = this.#hasFired ? '= fired\n' : '';
    switch (word) {
      case 'open':
        return this.#fate.refusesWindow
          ? '= refused no guard can be armed on this host\n'
          : `= opened ${moment(this.#openedAtMs)}\n`;
      case 'look':
        return `= opened ${moment(this.#openedAtMs)}\n= now ${moment(this.#time.monotonic())}\n${fired}`;
      case 'close':
        return fired;
      case 'capture':
        return `${this.#fate.patienceSeconds}\n`;
      case 'stay':
        return this.#fate.loses ? 'lost\n' : '';
      default:
        return command.startsWith('cat /proc') ? `boot-1\n${this.#file === '' ? '' : `${this.#file}\n`}` : '';
    }
  }
}

function wordIn(command: string): Word {
  if (command.includes("printf 'phase open")) return 'open';
  if (command.includes('echo "= now')) return 'look';
  if (command.includes('phase closed')) return 'close';
  return (/do (\w+)/.exec(command)?.[1] ?? 'ledger') as Word;
}

function moment(ms: number): string {
  return `${100_000 + Math.floor(ms / 10)} ${1_700_000_000 + Math.floor(ms / 1000)} b1`;
}

function said(stdout: string): { readonly stdout: Uint8Array; readonly stderr: Uint8Array } {
  return { stdout: new TextEncoder().encode(stdout), stderr: new Uint8Array() };
}
