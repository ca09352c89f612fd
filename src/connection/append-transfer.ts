import { createReadStream } from 'node:fs';
import type { Outcome, Transferred } from '../shell/outcome.ts';
import { type Script, sh, shellText } from '../shell/script.ts';
import type { UploadOptions } from './connection.ts';
import type { Runner } from './running.ts';
import { counted, dashed, runningOf, sizeOf, transferred } from './shell-transfer.ts';

/** A file of the bastion, of which the host has the first `start` bytes. */
export interface Rest {
  readonly file: string;
  readonly start: number;
}

/** Bytes that are written at once, each to its own place: what a broken attempt still writes does no harm to the next one. */
const BLOCK = 64 * 1024;

/** Writes what the host lacks of a file. When the connection breaks it goes on over a new one, as long as each gets further. */
export async function appendByShell(
  runner: Runner,
  from: Rest,
  path: string,
  options: Omit<UploadOptions, 'mode'>,
): Promise<Transferred> {
  const total = sizeOf(from);
  if (typeof total !== 'number') return { kind: 'failed', reason: total.why };
  const begin = from.start - (from.start % BLOCK);
  const begunMs = performance.now();
  const pieces = () => createReadStream(from.file, { start: begin, highWaterMark: BLOCK });
  const stdin = (): AsyncIterable<Uint8Array> => counted(pieces(), total, options.onProgress, begin);
  const outcome = await runner.run(receivingRest(path, begin, total), { ...runningOf(options), stdin });
  const result = transferred(outcome, `${path} cannot be written`);
  if (result.kind !== 'lost') return result;
  const rest = { ...options, ...timeLeft(options, begunMs) };
  const there = sizeIn(await runner.run(sh`wc -c < ${dashed(path)}`, runningOf(rest)));
  return there < begin + BLOCK ? result : appendByShell(runner, { ...from, start: there }, path, rest);
}

function receivingRest(path: string, begin: number, total: number): Script {
  return sh`p=${dashed(path)}
umask 077
${begin === 0 ? shellText(': > "$p" || exit 1') : shellText(':')}
e=$(dd of="$p" bs=${BLOCK} seek=${begin / BLOCK} conv=notrunc 2>&1) || { echo "$e" | head -n 1 >&2; exit 1; }
s=$(wc -c < "$p") || exit 1
[ "$s" -eq ${total} ] || { echo "it has $s bytes instead of ${total}" >&2; exit 1; }`;
}

function timeLeft({ timeoutMs }: Omit<UploadOptions, 'mode'>, begunMs: number): { readonly timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs: Math.max(1, timeoutMs - (performance.now() - begunMs)) };
}

/** 0: not known. */
function sizeIn(outcome: Outcome): number {
  return outcome.kind === 'exited' && outcome.code === 0 ? Number(Buffer.from(outcome.stdout).toString()) : 0;
}
