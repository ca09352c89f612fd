import type { IFileSystem } from 'just-bash';
import ssh2, { type SFTPWrapper } from 'ssh2';

const { STATUS_CODE, flagsToString } = ssh2.utils.sftp;

interface OpenFile {
  readonly path: string;
  readonly writing: boolean;
  mode: number;
  bytes: Buffer;
}

/** The SFTP subsystem over a host's files, as far as copying goes. */
export function serveSftp(sftp: SFTPWrapper, fs: IFileSystem): void {
  const files = new Map<number, OpenFile>();
  const folders = new Map<number, string[]>();
  let last = 0;
  const handleOf = (handle: Buffer) => handle.readUInt32BE(0);
  const fresh = (): { readonly number: number; readonly handle: Buffer } => {
    last += 1;
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(last);
    return { number: last, handle };
  };
  const answer = (id: number, work: () => Promise<void>) => {
    work().catch((error: unknown) =>
      sftp.status(id, codeOf(error), error instanceof Error ? error.message : String(error)),
    );
  };
  const done = (id: number, work: () => Promise<unknown>) =>
    answer(id, async () => {
      await work();
      sftp.status(id, STATUS_CODE.OK);
    });

  sftp.on('OPEN', (id, path, flags, attributes) =>
    answer(id, async () => {
      const how = flagsToString(flags) ?? 'r';
      const writing = how !== 'r';
      const there = await fs.exists(path);
      if (how.includes('x') && there) throw new Error('EEXIST: file already exists');
      if (writing && (!there || how.startsWith('w'))) await fs.writeFile(path, new Uint8Array());
      const { number, handle } = fresh();
      const bytes = Buffer.from(await fs.readFileBuffer(path));
      const mode = attributes.mode ?? (await fs.stat(path)).mode;
      files.set(number, { path, writing, mode, bytes });
      sftp.handle(id, handle);
    }),
  );
  sftp.on('READ', (id, handle, offset, length) =>
    answer(id, async () => {
      const piece = files.get(handleOf(handle))?.bytes.subarray(offset, offset + length);
      if (piece === undefined || piece.length === 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, piece);
    }),
  );
  sftp.on('WRITE', (id, handle, offset, data) =>
    done(id, async () => {
      const open = files.get(handleOf(handle));
      if (open === undefined) throw new Error('EBADF');
      const size = Math.max(open.bytes.length, offset + data.length);
      const bytes = Buffer.alloc(size);
      open.bytes.copy(bytes);
      data.copy(bytes, offset);
      open.bytes = bytes;
    }),
  );
  sftp.on('CLOSE', (id, handle) =>
    done(id, async () => {
      const open = files.get(handleOf(handle));
      if (open?.writing === true) {
        await fs.writeFile(open.path, new Uint8Array(open.bytes));
        await fs.chmod(open.path, open.mode & 0o7777);
      }
      files.delete(handleOf(handle));
      folders.delete(handleOf(handle));
    }),
  );
  const attributes = (id: number, path: string) =>
    answer(id, async () => {
      const { mode, size, mtime, isDirectory } = await fs.stat(path);
      const time = Math.floor(mtime.getTime() / 1000);
      sftp.attrs(id, {
        mode: (mode & 0o7777) | (isDirectory ? 0o040000 : 0o100000),
        size,
        uid: 0,
        gid: 0,
        atime: time,
        mtime: time,
      });
    });
  sftp.on('STAT', attributes);
  sftp.on('LSTAT', attributes);
  sftp.on('FSTAT', (id, handle) => {
    const open = files.get(handleOf(handle));
    if (open === undefined) sftp.status(id, STATUS_CODE.FAILURE);
    else sftp.attrs(id, { mode: 0o100644, size: open.bytes.length, uid: 0, gid: 0, atime: 0, mtime: 0 });
  });
  sftp.on('SETSTAT', (id, path, { mode }) => done(id, async () => mode !== undefined && fs.chmod(path, mode & 0o7777)));
  sftp.on('FSETSTAT', (id, handle, { mode }) =>
    done(id, async () => {
      const open = files.get(handleOf(handle));
      if (open !== undefined && mode !== undefined) open.mode = mode;
    }),
  );
  sftp.on('REMOVE', (id, path) => done(id, () => fs.rm(path)));
  sftp.on('MKDIR', (id, path) => done(id, () => fs.mkdir(path)));
  sftp.on('RMDIR', (id, path) => done(id, () => fs.rm(path, { recursive: true })));
  sftp.on('RENAME', (id, from, to) =>
    done(id, async () => {
      if (await fs.exists(to)) throw new Error('EEXIST: file already exists');
      await fs.mv(from, to);
    }),
  );
  sftp.on('REALPATH', (id, path) =>
    answer(id, async () => {
      const filename = path.startsWith('/') ? path : `/home/operator/${path}`.replace(/\/\.?$/, '');
      sftp.name(id, [
        { filename, longname: filename, attrs: { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 } },
      ]);
    }),
  );
  sftp.on('OPENDIR', (id, path) =>
    answer(id, async () => {
      const { number, handle } = fresh();
      folders.set(number, await fs.readdir(path));
      sftp.handle(id, handle);
    }),
  );
  sftp.on('READDIR', (id, handle) => {
    const names = folders.get(handleOf(handle)) ?? [];
    folders.set(handleOf(handle), []);
    if (names.length === 0) sftp.status(id, STATUS_CODE.EOF);
    else
      sftp.name(
        id,
        names.map((filename) => ({
          filename,
          longname: filename,
          attrs: { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 },
        })),
      );
  });
}

function codeOf(error: unknown): number {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('ENOENT')) return STATUS_CODE.NO_SUCH_FILE;
  return message.includes('EACCES') ? STATUS_CODE.PERMISSION_DENIED : STATUS_CODE.FAILURE;
}
