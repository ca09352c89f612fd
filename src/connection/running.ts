import { randomUUID } from 'node:crypto';
import type { Outcome } from '../shell/outcome.ts';
import { type Script, sh } from '../shell/script.ts';
import { wantsTerminal } from './become.ts';
import type { Become } from './connection.ts';
import { endEverything } from './leftovers.ts';
import type { Launcher, Started } from './process.ts';
import { within } from './waiting.ts';
import { type How, inputOf, type Running, Watched } from './watched.ts';
import { wrap } from './wrapping.ts';

/** Runs commands through a launcher. Remembers whether this host's sudo insists on a terminal, and its profile says nothing. */
export class Runner {
  readonly #launcher: Launcher;
  readonly #terminals = new Set<string>();
  #profileIsQuiet = false;

  constructor(launcher: Launcher) {
    this.#launcher = launcher;
  }

  async run(script: Script, options: Running): Promise<Outcome> {
    const become = this.#needed(options.become);
    if (become !== undefined && this.#terminals.has(become.user)) return this.#atTerminal(script, options, become);
    const { outcome, words } = await this.#start(script, options, become, {});
    if (become === undefined || outcome.kind !== 'become_refused' || !wantsTerminal(words)) return outcome;
    const again = await this.#atTerminal(script, options, become);
    if (again.kind !== 'become_refused') this.#terminals.add(become.user);
    return again;
  }

  /** Whoever is that user already needs no sudo, which may not even be installed. */
  #needed(become: Become | undefined): Become | undefined {
    return become === undefined || become.user === this.#launcher.user ? undefined : become;
  }

  /** `requiretty`: sudo gets a terminal; stdout and stderr then come as one stream, and stdin waits in a file. */
  async #atTerminal(script: Script, options: Running, become: Become): Promise<Outcome> {
    const id = freshId();
    const { preamble } = wrap(script, { ...wrapOptions(options), id, become, terminal: true });
    if (preamble === '' && options.stdin === undefined)
      return (await this.#start(script, options, become, { id, terminal: true })).outcome;
    const staged = await this.#stage(preamble, options);
    if (typeof staged !== 'string') return staged;
    return (await this.#start(script, options, become, { id, terminal: true, stdinFile: staged })).outcome;
  }

  /** Leaves bytes in a private file on the host (mktemp puts letters in the place of each X); the command removes it as it opens it. */
  async #stage(preamble: string, options: Running): Promise<string | Outcome> {
    const keep = sh`umask 077; t=$(mktemp "\${TMPDIR:-/tmp}/rollgate.XXXXXX") && cat > "$t" && echo "$t"`;
    const stdin = async function* () {
      yield Buffer.from(preamble);
      yield* inputOf(options.stdin);
    };
    const { outcome } = await this.#start(keep, { ...limits(options), stdin }, undefined, {});
    if (outcome.kind !== 'exited') return outcome;
    if (outcome.code === 0) return Buffer.from(outcome.stdout).toString().trim();
    const said = Buffer.from(outcome.stderr).toString().trim();
    return {
      ...outcome,
      kind: 'become_refused',
      reason: `sudo wants a terminal here, so stdin must go through a file, which cannot be made: ${said}`,
    };
  }

  async #start(
    script: Script,
    options: Running,
    become: Become | undefined,
    { id = freshId(), ...how }: { id?: string; terminal?: boolean; stdinFile?: string },
  ): Promise<{ readonly outcome: Outcome; readonly words: string }> {
    const { watched, end } = await this.#watch(script, options, become, { id, ...how });
    if (watched === undefined) return { outcome: end, words: '' };
    if (end === 'timed_out' || end === 'aborted')
      return { outcome: await this.#stop(watched, id, become, end), words: '' };
    return { outcome: watched.outcome(end), words: watched.words };
  }

  /** Starts a command, and watches it to its end or to a limit, behind which it goes on. */
  async #watch(
    script: Script,
    options: Running,
    become: Become | undefined,
    { id, terminal = false, stdinFile }: { id: string; terminal?: boolean; stdinFile?: string },
  ): Promise<
    { readonly watched: Watched; readonly end: How } | { readonly watched?: undefined; readonly end: Outcome }
  > {
    const signed = !this.#profileIsQuiet;
    const wrapped = wrap(script, { ...wrapOptions(options), id, become, terminal, stdinFile, signed });
    const started = await this.#launcher.start(wrapped.command, { terminal, abort: options.abort });
    if (!started.ok) return { end: notStarted(started) };
    const watched = new Watched(started.process, { id, wrapped, become, terminal, signed, options });
    const end = await watched.end();
    this.#profileIsQuiet ||= watched.profileIsQuiet;
    return { watched, end };
  }

  async #stop(
    watched: Watched,
    id: string,
    become: Become | undefined,
    kind: 'timed_out' | 'aborted',
  ): Promise<Outcome> {
    const left = await this.#endEverything(id, become);
    await within(DRAIN_MS, watched.process.ended);
    watched.process.close();
    return { kind, left, ...watched.output() };
  }

  /** Twice: when the connection does not answer, a new one is made for it. */
  async #endEverything(id: string, become: Become | undefined): Promise<string> {
    const first = await this.#askToEnd(id, become);
    if (first.known) return first.left;
    this.#launcher.renew();
    const second = await this.#askToEnd(id, become);
    return second.known ? second.left : `not known: ${second.left}`;
  }

  async #askToEnd(id: string, become: Become | undefined): Promise<{ readonly known: boolean; readonly left: string }> {
    const outcome = await this.#answerTo(endEverything(id), become);
    if (outcome === undefined) return { known: false, left: `the host did not answer within ${ENDING_MS / 1000} s` };
    if (outcome.kind === 'exited' && outcome.code === 0)
      return { known: true, left: Buffer.from(outcome.stdout).toString().trim() };
    return {
      known: false,
      left: 'reason' in outcome ? outcome.reason : `the processes could not be listed (${outcome.kind})`,
    };
  }

  /** Undefined: none in time. Then nothing is ended behind it: a host that does not answer would be asked for ever. */
  async #answerTo(script: Script, become: Become | undefined): Promise<Outcome | undefined> {
    const late = new AbortController();
    const terminal = become !== undefined && this.#terminals.has(become.user);
    const watching = this.#watch(script, { abort: late.signal }, become, { id: freshId(), terminal }).catch(
      () => undefined,
    );
    const answer = await within(ENDING_MS, watching);
    if (answer === undefined) {
      late.abort();
      void watching.then((answered) => answered?.watched?.process.close());
      return undefined;
    }
    const { watched, end } = answer;
    if (watched === undefined) return end;
    return end === 'timed_out' || end === 'aborted' ? undefined : watched.outcome(end);
  }
}

/** Long enough for TERM, patience and KILL; short enough for a person who waits. */
const ENDING_MS = 15_000;
/** For what is still on its way after the processes are gone. */
const DRAIN_MS = 1000;

/** Made of random bytes that are drawn for many at a time. */
function freshId(): string {
  return randomUUID().replaceAll('-', '');
}

function limits({ timeoutMs, abort }: Running): Running {
  return { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(abort === undefined ? {} : { abort }) };
}

function wrapOptions({ environment, chdir }: Running): {
  environment: Running['environment'];
  chdir: Script | undefined;
} {
  return { environment, chdir };
}

const EMPTY = { stdout: new Uint8Array(), stderr: new Uint8Array() };

function notStarted(started: Extract<Started, { ok: false }>): Outcome {
  const { kind, reason } = started;
  return kind === 'aborted' ? { kind, left: '', ...EMPTY } : { kind, reason, ...EMPTY };
}
