import { lines, type Script, sh } from '../shell/script.ts';
import type { Kind, Said } from './file-facts.ts';
import { type Mode, octal } from './mode.ts';
import { mode, nonEmpty } from './params.ts';

/** Whose a file shall be and what its mode, as `file` and `copy` take it. */
export interface Attributes {
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: Mode | undefined;
}

export const ownershipParams = {
  owner: nonEmpty('The user, by name or number, that shall own it.').optional(),
  group: nonEmpty('The group, by name or number, that shall own it.').optional(),
};

export const modeParam = mode('Permissions: "0644", or "u=rw,go=r".').optional();

const noLabels = 'SELinux labels are not set';

/** Parameters that Ansible's file actions share and that are not supported. */
export const REFUSED_ATTRIBUTES: Readonly<Record<string, string>> = {
  attributes: 'attributes of the file system are not set; use `command: chattr …`',
  attr: 'attributes of the file system are not set; use `command: chattr …`',
  selevel: noLabels,
  serole: noLabels,
  setype: noLabels,
  seuser: noLabels,
  unsafe_writes: 'files are only ever replaced whole',
};

/** Prints `owner=UID` and `group=GID` for the names that are asked for; nothing after `=` for one that is not known. */
export function askIds({ owner, group }: Attributes): Script {
  return lines([
    ...(owner === undefined
      ? []
      : [isNumber(owner) ? sh`echo wants_owner=${owner}` : sh`echo "wants_owner=$(id -u ${owner} 2>/dev/null)"`]),
    ...(group === undefined ? [] : [isNumber(group) ? sh`echo wants_group=${group}` : groupId(group)]),
    sh`:`,
  ]);
}

function groupId(group: string): Script {
  return sh`echo "wants_group=$({ getent group ${group} || grep -F ${`${group}:`} /etc/group; } 2>/dev/null | awk -F: -v g=${group} '$1 == g { print $3; exit }')"`;
}

/** The numbers behind the wanted names, or why there are none. */
export interface Ids {
  readonly uid?: number;
  readonly gid?: number;
  readonly unknown?: string;
}

export function idsIn(said: Said, { owner, group }: Attributes): Ids {
  const uid = said('wants_owner');
  const gid = said('wants_group');
  if (owner !== undefined && !isNumber(uid)) return { unknown: `chown failed: failed to look up user ${owner}` };
  if (group !== undefined && !isNumber(gid)) return { unknown: `chgrp failed: failed to look up group ${group}` };
  return { ...(owner === undefined ? {} : { uid: Number(uid) }), ...(group === undefined ? {} : { gid: Number(gid) }) };
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

/** Sets owner, group and mode of `$p`. The owner first: changing it clears the set-id bits. */
export function setOwnership({ uid, gid }: Ids, bits: number | undefined, kind: Kind): readonly Script[] {
  const link = kind === 'link' ? sh`-h ` : sh``;
  // Of a folder's mode, GNU's chmod clears the set-id bits only when told with five digits.
  const digits = bits === undefined ? '' : `${kind === 'directory' ? '0' : ''}${octal(bits)}`;
  return [
    ...(uid === undefined ? [] : [sh`chown ${link}${uid} "$p"`]),
    ...(gid === undefined ? [] : [sh`chgrp ${link}${gid} "$p"`]),
    ...(bits === undefined ? [] : [sh`chmod ${digits} "$p"`]),
  ];
}
