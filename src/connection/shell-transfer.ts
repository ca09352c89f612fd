import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Outcome, Transferred } from '../shell/outcome.ts';
import { type Script, sh, shellText } from '../shell/script.ts';
import type { UploadOptions } from './connection.ts';
import type { Runner } from './running.ts';
import type { Running } from './watched.ts';

export type Source = Uint8Array | { readonly file: string };

/** The name of a file in the making: beside the real one, so that the rename stays within one file system. */
export function besides(path: string, id: string): string {
  const at = path.lastIndexOf('/') + 1;
  return `${path.slice(0, at)}.${path.slice(at).slice(0, 200)}.rollgate-${id}`;
}

/** Bytes of a source, or why there are none. */
export function sizeOf(from: Source): number | { readonly why: string } {
  if (from instanceof Uint8Array) return from.length;
  try {
    const found = statSync(from.file);
    return found.isFile() ? found.size : { why: `${from.file} is not a file` };
  } catch (error) {
    return { why: `${from.file} cannot be read here: ${(error as Error).message}` };
  }
}

/** Writes a file through `cat`, as whatever user is asked for: needs no SFTP, and no stop where others could look. */
export async function uploadByShell(
  runner: Runner,
  from: Source,
  path: string,
  options: UploadOptions,
  id: string,
): Promise<Transferred> {
  const total = sizeOf(from);
  if (typeof total !== 'number') return { kind: 'failed', reason: total.why };
  const stdin = (): AsyncIterable<Uint8Array> => counted(piecesOf(from), total, options.onProgress);
  const script = receiving(path, besides(path, id), options.mode, total);
  return transferred(await runner.run(script, { ...runningOf(options), stdin }), `${path} cannot be written`);
}

function receiving(path: string, temporary: string, mode: number, total: number): Script {
  const octal = shellText(mode.toString(8).padStart(4, '0'));
  return sh`t=${dashed(temporary)} p=${dashed(path)}
[ -d "$p" ] && { echo 'it is a directory' >&2; exit 1; }
umask 077
trap 'rm -f "$t"' 0
trap 'exit 1' 1 2 15
cat > "$t" || exit 1
s=$(wc -c < "$t") || exit 1
[ "$s" -eq ${total} ] || { echo "only $s of ${total} bytes came" >&2; exit 1; }
chmod ${octal} "$t" && mv -f "$t" "$p"`;
}

/** A name that begins with a dash is not an option. */
export function dashed(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}

async function* piecesOf(from: Source): AsyncIterable<Uint8Array> {
  if (from instanceof Uint8Array) {
    for (let at = 0; at < from.length; at += PIECE) yield from.subarray(at, at + PIECE);
  } else yield* createReadStream(from.file, { highWaterMark: PIECE });
}

const PIECE = 64 * 1024;

export async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  total: number,
  progress: UploadOptions['onProgress'],
  before = 0,
): AsyncIterable<Uint8Array> {
  let sent = before;
  for await (const piece of pieces) {
    yield piece;
    sent += piece.length;
    progress?.(sent, total);
  }
}

export function runningOf({ become, timeoutMs, abort }: Omit<UploadOptions, 'mode'>): Running {
  return {
    ...(become ? { become } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(abort ? { abort } : {}),
  };
}

export function transferred(outcome: Outcome, what: string): Transferred {
  switch (outcome.kind) {
    case 'exited': {
      const said = Buffer.from(outcome.stderr).toString().trim() || Buffer.from(outcome.stdout).toString().trim();
      return outcome.code === 0
        ? { kind: 'done' }
        : { kind: 'failed', reason: `${what}: ${said || `exit code ${outcome.code}`}` };
    }
    case 'signalled':
      return { kind: 'failed', reason: `${what}: ended by ${outcome.signal}` };
    case 'timed_out':
      return {
        kind: 'timed_out',
        reason: `${what} within the time given${outcome.left === '' ? '' : `; still running: ${outcome.left}`}`,
      };
    case 'aborted':
      return { kind: 'failed', reason: `${what}: aborted` };
    default:
      return { kind: outcome.kind, reason: outcome.reason };
  }
}

/** Reads a file through `cat`; a mark follows the bytes, so that a cut transfer is noticed. Writing is synchronous: order, and no queue in memory. */
export async function downloadByShell(
  runner: Runner,
  path: string,
  to: string,
  options: Omit<UploadOptions, 'mode'>,
  id: string,
): Promise<Transferred> {
  const script = sh`p=${dashed(path)}
[ -d "$p" ] && { echo 'it is a directory' >&2; exit 1; }
cat < "$p" && printf %s ${id}`;
  return atomically(to, id, async (temporary) => {
    const sink = openSync(temporary, 'wx', 0o600);
    const held = new Tail(id);
    try {
      const outcome = await runner.run(script, {
        ...runningOf(options),
        onOutput: (stream, bytes) => void (stream === 'stdout' && writeSync(sink, held.pass(bytes))),
      });
      const result = transferred(outcome, `${path} cannot be read`);
      if (result.kind !== 'done' || held.complete) return result;
      return { kind: 'failed', reason: `${path}: the transfer was cut short` };
    } finally {
      closeSync(sink);
    }
  });
}

/** Passes bytes on, less the end mark, which is held back until it is known to be one. */
class Tail {
  readonly #mark: Buffer;
  #held: Buffer = Buffer.alloc(0);

  constructor(mark: string) {
    this.#mark = Buffer.from(mark);
  }

  get complete(): boolean {
    return this.#held.equals(this.#mark);
  }

  pass(bytes: Uint8Array): Buffer {
    const all = Buffer.concat([this.#held, bytes]);
    const cut = Math.max(0, all.length - this.#mark.length);
    this.#held = all.subarray(cut);
    return all.subarray(0, cut);
  }
}

/** Writes beside `to` here and renames; whatever goes wrong leaves nothing behind. */
export async function atomically(
  to: string,
  id: string,
  write: (temporary: string) => Promise<Transferred>,
): Promise<Transferred> {
  const temporary = besides(to, id);
  try {
    await mkdir(dirname(to), { recursive: true });
    const result = await write(temporary);
    if (result.kind === 'done') await rename(temporary, to);
    else await rm(temporary, { force: true });
    return result;
  } catch (error) {
    // Where even this fails, it is for the same reason.
    await rm(temporary, { force: true }).catch(() => undefined);
    return { kind: 'failed', reason: `${to} cannot be written here: ${(error as Error).message}` };
  }
}
