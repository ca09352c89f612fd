import { stat } from 'node:fs/promises';
import type { SFTPWrapper } from 'ssh2';
import type { Transferred } from '../shell/outcome.ts';
import type { UploadOptions } from './connection.ts';
import type { Sessions } from './sessions.ts';
import { atomically, besides, type Source, sizeOf } from './shell-transfer.ts';
import { deadline, within } from './waiting.ts';

/** `no-sftp`: the host has the subsystem off. `unsized`: the file says that it is empty, as those of /proc do. The shell can do both. */
export type SftpResult = Transferred | { readonly kind: 'no-sftp' } | { readonly kind: 'unsized' };

/** Writes a file by SFTP beside `path`, sets its mode, checks its size, renames it. */
export function uploadBySftp(
  sessions: Sessions,
  from: Source,
  path: string,
  options: UploadOptions,
  id: string,
): Promise<SftpResult> {
  const total = sizeOf(from);
  if (typeof total !== 'number') return Promise.resolve({ kind: 'failed', reason: total.why });
  const temporary = besides(path, id);
  const forget = (sftp: SFTPWrapper): Promise<void> => done((answer) => sftp.unlink(temporary, answer));
  return withSftp(sessions, options, { what: `${path} cannot be written`, forget }, async (sftp) => {
    try {
      await put(sftp, from, temporary, options);
      const { size } = await asked<{ size: number }>((answer) => sftp.stat(temporary, answer));
      if (size !== total) throw new Error(`only ${size} of ${total} bytes came`);
      await done((answer) => sftp.chmod(temporary, options.mode, answer));
      await replace(sftp, temporary, path);
    } catch (error) {
      const why = await explain(sftp, error as SftpError, path);
      await done((answer) => sftp.unlink(temporary, answer)).catch(() => {});
      throw new Error(why);
    }
  });
}

type SftpError = Error & { readonly code?: number | string };

function put(sftp: SFTPWrapper, from: Source, temporary: string, { onProgress }: UploadOptions): Promise<void> {
  if (from instanceof Uint8Array) {
    const total = from.length;
    return done((answer) => sftp.writeFile(temporary, Buffer.from(from), { mode: 0o600, flag: 'wx' }, answer)).then(
      () => onProgress?.(total, total),
    );
  }
  const step = (sent: number, _chunk: number, total: number): void => onProgress?.(sent, total);
  return done((answer) => sftp.fastPut(from.file, temporary, { mode: 0o600, step }, answer));
}

/** The plain SFTP rename refuses an existing target; OpenSSH's own replaces it in one step. */
async function replace(sftp: SFTPWrapper, temporary: string, path: string): Promise<void> {
  try {
    await done((answer) => sftp.ext_openssh_rename(temporary, path, answer));
  } catch (error) {
    if (!/not support/i.test((error as Error).message)) throw error;
    await done((answer) => sftp.unlink(path, answer)).catch(() => {});
    await done((answer) => sftp.rename(temporary, path, answer));
  }
}

const NO_SUCH_FILE = 2;
const DENIED = 3;

/** SFTP says "Failure" to a full disk and to a directory in the way: ask on, so that the reason can say which. */
async function explain(sftp: SFTPWrapper, error: SftpError, path: string): Promise<string> {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.';
  if (error.code === NO_SUCH_FILE) return `the directory ${folder} does not exist`;
  if (error.code === DENIED) return 'permission denied';
  const there = await asked<{ isDirectory(): boolean }>((answer) => sftp.stat(path, answer)).catch(() => undefined);
  if (there?.isDirectory()) return 'it is a directory';
  const disk = await asked<{ f_bavail: bigint | number }>((answer) => sftp.ext_openssh_statvfs(folder, answer)).catch(
    () => undefined,
  );
  if (disk !== undefined && Number(disk.f_bavail) === 0) return 'no space left on device';
  return error.message;
}

/** Fetches a file by SFTP into `to`, here. */
export function downloadBySftp(
  sessions: Sessions,
  path: string,
  to: string,
  options: Omit<UploadOptions, 'mode'>,
  id: string,
): Promise<SftpResult> {
  let unsized = false;
  const what = `${path} cannot be read`;
  return withSftp(sessions, options, { what, forget: async () => {} }, async (sftp) => {
    const found = await asked<{ size: number; isDirectory(): boolean }>((answer) => sftp.stat(path, answer)).catch(
      (error: SftpError) => {
        throw new Error(
          error.code === NO_SUCH_FILE
            ? 'it does not exist'
            : error.code === DENIED
              ? 'permission denied'
              : error.message,
        );
      },
    );
    if (found.isDirectory()) throw new Error('it is a directory');
    unsized = found.size === 0;
    if (!unsized) await fetchInto(sftp, path, found.size, to, options, id);
  }).then((result) => (unsized && result.kind === 'done' ? { kind: 'unsized' } : result));
}

async function fetchInto(
  sftp: SFTPWrapper,
  path: string,
  size: number,
  to: string,
  options: Omit<UploadOptions, 'mode'>,
  id: string,
): Promise<void> {
  const step = (got: number, _chunk: number, total: number): void => options.onProgress?.(got, total);
  const written = await atomically(to, id, async (temporary) => {
    await done((answer) => sftp.fastGet(path, temporary, { step }, answer));
    const got = (await stat(temporary)).size;
    return got === size
      ? { kind: 'done' }
      : { kind: 'failed', reason: `${got} of ${size} bytes came; does somebody write to it?` };
  });
  if (written.kind !== 'done') throw new Error(written.reason);
}

/** For a host to remove what was half written. */
const LAST_MS = 5000;

interface Given {
  /** What could not be done, if so. */
  readonly what: string;
  /** Done before the end when time is up: nothing half written may stay on the host. */
  readonly forget: (sftp: SFTPWrapper) => Promise<void>;
}

async function withSftp(
  sessions: Sessions,
  { timeoutMs, abort }: Omit<UploadOptions, 'mode'>,
  given: Given,
  work: (sftp: SFTPWrapper) => Promise<void>,
): Promise<SftpResult> {
  const opened = await sessions.open<SFTPWrapper>((client, answer) => client.sftp(answer), abort);
  if (!opened.ok) {
    if (opened.refused) return { kind: 'no-sftp' };
    return { kind: opened.kind === 'aborted' ? 'failed' : opened.kind, reason: opened.reason };
  }
  return limited(opened.channel, timeoutMs, abort, given, work);
}

function limited(
  sftp: SFTPWrapper,
  timeoutMs: number | undefined,
  abort: AbortSignal | undefined,
  { what, forget }: Given,
  work: (sftp: SFTPWrapper) => Promise<void>,
): Promise<Transferred> {
  return new Promise((resolve) => {
    let ended = false;
    const end = async (result: Transferred, last: Promise<void> = Promise.resolve()): Promise<void> => {
      if (ended) return;
      ended = true;
      cancel();
      abort?.removeEventListener('abort', aborted);
      resolve(result);
      await within(
        LAST_MS,
        last.catch(() => {}),
      );
      sftp.end();
    };
    const giveUp = (result: Transferred): void => void end(result, forget(sftp));
    const aborted = (): void => giveUp({ kind: 'failed', reason: `${what}: aborted` });
    const cancel =
      timeoutMs === undefined
        ? () => {}
        : deadline(timeoutMs, () => giveUp({ kind: 'timed_out', reason: `${what} within the time given` }));
    abort?.addEventListener('abort', aborted, { once: true });
    sftp.on('error', () => {});
    sftp.once('close', () => void end({ kind: 'lost', reason: 'the connection broke during the transfer' }));
    work(sftp).then(
      () => void end({ kind: 'done' }),
      // When the connection broke, `close` follows at once, and says more.
      (error: Error) => setImmediate(() => void end({ kind: 'failed', reason: `${what}: ${error.message}` })),
    );
  });
}

function done(ask: (answer: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => ask((error) => (error ? reject(error) : resolve())));
}

function asked<V>(ask: (answer: (error: Error | undefined, value: V) => void) => void): Promise<V> {
  return new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value))));
}
