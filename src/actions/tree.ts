import { lines, type Script, sh, shellText } from '../shell/script.ts';
import { bitsOfLs } from './file-facts.ts';
import { octal, withMode } from './mode.ts';
import type { Attributes, Ids } from './ownership.ts';

/** A mode and an owner that some file below a folder has: of a large tree only the few different ones are told. */
export interface Entry {
  readonly isDirectory: boolean;
  readonly isLink: boolean;
  readonly bits: number;
  readonly uid: number;
  readonly gid: number;
}

/** Prints each mode and owner that occurs in the tree at `$p`, once. */
export const lookAtTree: Script = shellText(
  `if [ -d "$p" ]; then find "$p" -exec ls -ldn {} + | awk '{ print "tree=" $1, $3, $4 }' | sort -u; fi`,
);

export function entriesIn(printed: string): readonly Entry[] {
  return [...printed.matchAll(/^tree=(.)(\S{9})\S* (\d+) (\d+)$/gm)].map(([, kind, bits = '', uid, gid]) => ({
    isDirectory: kind === 'd',
    isLink: kind === 'l',
    bits: bitsOfLs(bits),
    uid: Number(uid),
    gid: Number(gid),
  }));
}

/** Whether everything in the tree is as wanted already. */
export function conforms(entries: readonly Entry[], ids: Ids, mode: Attributes['mode'], umask: number): boolean {
  return entries.every(
    (entry) =>
      (ids.uid === undefined || ids.uid === entry.uid) &&
      (ids.gid === undefined || ids.gid === entry.gid) &&
      (mode === undefined || entry.isLink || withMode(mode, entry.bits, entry.isDirectory, umask) === entry.bits),
  );
}

/** Sets owner, group and mode of everything in the tree at `$p`; links themselves, not what they point to. */
export function setOnTree({ uid, gid }: Ids, mode: Attributes['mode']): Script {
  const wanted = typeof mode === 'number' ? `0${octal(mode)}` : mode;
  return lines([
    ...(uid === undefined ? [] : [sh`chown -h -R ${uid} "$p"`]),
    ...(gid === undefined ? [] : [sh`chgrp -h -R ${gid} "$p"`]),
    ...(wanted === undefined ? [] : [sh`find "$p" ! -type l -exec chmod ${wanted} {} +`]),
    sh`:`,
  ]);
}
