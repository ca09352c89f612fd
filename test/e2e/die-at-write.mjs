// Loaded before rollgate: its process kills itself at the DIE_AT-th write to a journal, before it, inside it or after it.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [at, where] = (process.env.DIE_AT ?? '').split(' ');
const write = fs.writeSync;
let writes = 0;

fs.writeSync = (fd, bytes, ...rest) => {
  const isJournal = fs.readlinkSync(`/proc/self/fd/${fd}`).endsWith('/journal.jsonl');
  if (!isJournal) return write(fd, bytes, ...rest);
  writes += 1;
  if (writes !== Number(at)) return write(fd, bytes, ...rest);
  if (where === 'inside') write(fd, bytes, 0, Math.ceil(bytes.length / 2));
  if (where === 'after') write(fd, bytes, ...rest);
  process.kill(process.pid, 'SIGKILL');
};
syncBuiltinESMExports();
