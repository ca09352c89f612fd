import { constants } from 'node:os';
import type { Outcome, Transferred } from '../shell/outcome.ts';
import { unreachable, type Value } from '../source/value.ts';
import type { Done, Result } from './action.ts';

/** What a step registers when its command did not run to its end; the action's own names are put beside it. */
export interface Failure {
  readonly failed?: true;
  readonly unreachable?: true;
  readonly msg: string;
  readonly [key: string]: Value | undefined;
}

/**
 * Why a command cannot be judged by its action: the host was not reached, the connection broke, the time was up.
 * Undefined for what an action concludes from: exit codes, signals, copies that the host refused. `limitMs` is the
 * task's limit, where the caller knows it.
 */
export function failureOf(outcome: Outcome | Transferred, limitMs?: number): Failure | undefined {
  if ('left' in outcome)
    return { failed: true, msg: `${endedBecause(outcome.kind, limitMs)}${leftOver(outcome.left)}`, ...output(outcome) };
  switch (outcome.kind) {
    case 'exited':
    case 'signalled':
    case 'done':
    case 'failed':
      return undefined;
    case 'timed_out':
      return { failed: true, msg: `${endedBecause('timed_out', limitMs)}: ${outcome.reason}` };
    case 'unreachable':
      return { unreachable: true, msg: outcome.reason };
    case 'lost':
      return {
        unreachable: true,
        in_doubt: true,
        msg: `the connection broke after the command was sent (${outcome.reason}): whether it ran is not known`,
      };
    case 'become_refused':
      return { failed: true, msg: `the host refused to become the other user, nothing ran: ${outcome.reason}` };
    default:
      return unreachable(outcome);
  }
}

function endedBecause(kind: 'timed_out' | 'aborted', limitMs: number | undefined): string {
  if (kind === 'aborted') return 'ended because the run was interrupted';
  return `took longer than its time limit${limitMs === undefined ? '' : ` of ${limitMs / 1000} s`} (\`timeout:\`) and was ended`;
}

function leftOver(left: string): string {
  return left === '' ? '' : `; still running on the host: ${left}`;
}

/** Output under Ansible's names: without the line break at its end, and as lines. */
export function output(of: { readonly stdout: Uint8Array; readonly stderr: Uint8Array }, strip = true): Output {
  const stdout = text(of.stdout, strip);
  const stderr = text(of.stderr, strip);
  return { stdout, stderr, stdout_lines: linesOf(stdout), stderr_lines: linesOf(stderr) };
}

export interface Output {
  readonly [key: string]: Value;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdout_lines: readonly string[];
  readonly stderr_lines: readonly string[];
}

const UTF8 = new TextDecoder();

function text(bytes: Uint8Array, strip: boolean): string {
  const decoded = UTF8.decode(bytes);
  return strip ? decoded.replace(/[\r\n]+$/, '') : decoded;
}

/** As Python's splitlines: no empty line after the last line break. */
export function linesOf(output: string): readonly string[] {
  if (output === '') return [];
  const found = output.split(/\r\n|\r|\n/);
  return found.at(-1) === '' ? found.slice(0, -1) : found;
}

export type Ended =
  | { readonly ok: true; readonly output: Output }
  | { readonly ok: false; readonly rc?: number; readonly msg: string; readonly output?: Output };

/** How one command of the work went: its exit code as Python would give it, and why that is no success. */
export function ended(done: Done | undefined, strip = true): Ended {
  const outcome = done?.outcome;
  if (outcome === undefined) return { ok: false, msg: 'nothing was sent to the host' };
  if (outcome.kind === 'done')
    return { ok: true, output: output({ stdout: new Uint8Array(), stderr: new Uint8Array() }) };
  if (outcome.kind === 'signalled') {
    return {
      ok: false,
      rc: -signalNumber(outcome.signal),
      msg: `ended by signal ${outcome.signal}`,
      output: output(outcome, strip),
    };
  }
  if (outcome.kind !== 'exited')
    return { ok: false, msg: 'reason' in outcome ? outcome.reason : (failureOf(outcome)?.msg ?? outcome.kind) };
  if (outcome.code === 0) return { ok: true, output: output(outcome, strip) };
  return { ok: false, rc: outcome.code, msg: 'non-zero return code', output: output(outcome, strip) };
}

/** The result of a sequence of which one command failed, with what that command said; undefined when all went well. */
export function firstFailure(done: readonly Done[], what: string): Result | undefined {
  for (const each of done) {
    const end = ended(each);
    if (end.ok) continue;
    const said = [end.output?.stderr, end.output?.stdout].find((text) => text !== undefined && text !== '');
    return {
      changed: false,
      failed: true,
      msg: `${what}: ${said ?? end.msg}`,
      ...(end.rc === undefined ? {} : { rc: end.rc }),
    };
  }
  return undefined;
}

/** Unknown names give 1, SIGHUP's number: better a wrong number than a success. */
function signalNumber(name: string): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return numbers[name.startsWith('SIG') ? name : `SIG${name}`] ?? 1;
}

/** `start`, `end` (UTC) and `delta` in Python's formats. */
export function times({ startedAt, endedAt }: Done): {
  readonly start: string;
  readonly end: string;
  readonly delta: string;
} {
  return {
    start: pythonTime(startedAt),
    end: pythonTime(endedAt),
    delta: pythonDelta(endedAt.getTime() - startedAt.getTime()),
  };
}

function pythonTime(at: Date): string {
  return `${at.toISOString().replace('T', ' ').replace('Z', '')}000`;
}

function pythonDelta(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const days = Math.floor(whole / 86400);
  const head = days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `;
  const clock = `${Math.floor(whole / 3600) % 24}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return `${head}${clock}.${String(Math.max(0, ms) % 1000).padStart(3, '0')}000`;
}
