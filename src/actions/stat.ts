import * as z from 'zod';
import { lines } from '../shell/script.ts';
import type { Value } from '../source/value.ts';
import type { Action, Asked, Decision, Probed } from './action.ts';
import { type FileFacts, type Found, look, readFacts } from './file-facts.ts';
import { setPath } from './host-path.ts';
import { octal } from './mode.ts';
import { flag, parameters, path } from './params.ts';

const not = (what: string) =>
  flag(`Only \`no\`: ${what}.`)
    .refine((given) => !given, `only \`no\` is supported: ${what}`)
    .optional();

const params = parameters(
  {
    path: path('The path on the host.'),
    follow: flag('Whether a link is followed.').default(false),
    get_checksum: flag('Whether the checksum of a regular file is computed.').default(true),
    checksum_algorithm: z.enum(['sha1', 'sha256', 'md5']).describe('Which checksum.').default('sha1'),
    get_mime: not('there is no guessing of file types'),
    get_attributes: not('attributes of the file system are not read'),
  },
  {
    aliases: {
      dest: 'path',
      name: 'path',
      checksum: 'checksum_algorithm',
      checksum_algo: 'checksum_algorithm',
      mime: 'get_mime',
      attributes: 'get_attributes',
    },
  },
);

type Params = z.output<typeof params>;

export const stat: Action<Params, FileFacts> = {
  kind: 'host',
  name: 'stat',
  summary: 'Says what lies at a path of the host.',
  params,
  effect: () => 'reads',
  probe,
  decide,
};

async function probe(given: Params, host: Asked): Promise<Probed<FileFacts>> {
  const sum = given.get_checksum ? { sum: given.checksum_algorithm } : {};
  return readFacts(await host.ask(lines([setPath(given.path), look({ follow: given.follow, ...sum })])), sum.sum);
}

function decide(given: Params, facts: FileFacts): Decision {
  const { found, denied } = facts;
  if (found === undefined && denied !== undefined)
    return { kind: 'settled', result: { changed: false, failed: true, msg: denied } };
  if (found === undefined) return { kind: 'settled', result: { changed: false, stat: { exists: false } } };
  const lacksTool = found.crc !== undefined;
  if (lacksTool) {
    const msg = `the host has no tool for ${given.checksum_algorithm} (${given.checksum_algorithm}sum, shasum, openssl, busybox); say get_checksum: no, or use another checksum_algorithm`;
    return { kind: 'settled', result: { changed: false, failed: true, msg } };
  }
  const shown = /^~|\$/.test(given.path) ? facts.path : given.path;
  return { kind: 'settled', result: { changed: false, stat: structure(shown, found) } };
}

const PERMISSIONS = {
  rusr: 0o400,
  wusr: 0o200,
  xusr: 0o100,
  rgrp: 0o40,
  wgrp: 0o20,
  xgrp: 0o10,
  roth: 4,
  woth: 2,
  xoth: 1,
  isuid: 0o4000,
  isgid: 0o2000,
};

function structure(path: string, found: Found): Value {
  const { kind, bits, more } = found;
  return {
    exists: true,
    path,
    mode: octal(bits),
    isreg: kind === 'file',
    isdir: kind === 'directory',
    islnk: kind === 'link',
    ischr: kind === 'character',
    isblk: kind === 'block',
    isfifo: kind === 'fifo',
    issock: kind === 'socket',
    ...Object.fromEntries(Object.entries(PERMISSIONS).map(([name, bit]) => [name, (bits & bit) !== 0])),
    uid: found.uid,
    gid: found.gid,
    size: found.size,
    nlink: found.nlink,
    ...(found.owner === undefined ? {} : { pw_name: found.owner }),
    ...(found.group === undefined ? {} : { gr_name: found.group }),
    ...(more === undefined
      ? {}
      : {
          atime: more.atime,
          mtime: more.mtime,
          ctime: more.ctime,
          dev: more.dev,
          inode: more.inode,
          blocks: more.blocks,
          block_size: more.blockSize,
          device_type: more.rdev,
        }),
    readable: found.readable,
    writeable: found.writable,
    executable: found.executable,
    ...(found.target === undefined ? {} : { lnk_target: found.target }),
    ...(found.source === undefined ? {} : { lnk_source: found.source }),
    ...(found.sum === undefined ? {} : { checksum: found.sum }),
  };
}
