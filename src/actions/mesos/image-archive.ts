import * as z from 'zod';
import { lines, sh, shellText } from '../../shell/script.ts';
import type { HostCommand } from '../action.ts';
import { sums } from '../file-facts.ts';
import type { Disk, Space } from './image-question.ts';

/** An image's archive on the bastion. */
export interface Archive {
  /** As the playbook has it. */
  readonly written: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** So many of its first bytes are on the host already. */
  readonly start: number;
}

export const sha256 = (about: string) =>
  z
    .string({ error: 'must be text' })
    .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 hex digits, as sha256sum prints them' })
    .describe(about);

/** Why the archive must not be sent, if so. */
export function problemWith(
  archive: Archive,
  space: Space | undefined,
  { archive_sha256: wanted }: { readonly archive_sha256?: string | undefined },
): string | undefined {
  if (wanted !== undefined && wanted !== archive.sha256)
    return `${archive.written} on the bastion has the SHA-256 ${archive.sha256}, not ${wanted}: bring the right file there, or correct archive_sha256`;
  return lackOfSpace(archive, space);
}

/** Docker unpacks an archive beside the layers that it makes of it; one that is compressed grows to three or four times its size. */
const TIMES = { plain: 2, compressed: 8 };

function lackOfSpace({ written, bytes, start }: Archive, space: Space | undefined): string | undefined {
  const { dest, docker } = space ?? {};
  if (dest === undefined || docker === undefined) return 'the host does not say (df -Pk) how much space there is';
  const toSend = bytes - start;
  const toLoad = bytes * (/\.t?gz$/.test(written) ? TIMES.compressed : TIMES.plain);
  if (dest.mount === docker.mount) return lack(docker, toSend + toLoad, 'to send and load the image');
  return lack(dest, toSend, 'for the archive') ?? lack(docker, toLoad, 'for Docker to load the image');
}

function lack({ path, mount, freeBytes }: Disk, neededBytes: number, what: string): string | undefined {
  if (freeBytes >= neededBytes) return undefined;
  return `${path} (on ${mount}) has ${mib(freeBytes)} MiB free, but ${mib(neededBytes)} MiB are needed ${what}: make room there`;
}

const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);

/**
 * Nothing is loaded that is not the whole archive, or that says itself that it holds another image. What is wrong is
 * removed, so that the next attempt begins anew; what is right stays until Docker has taken it.
 */
export function howToLoad(
  { file, start, bytes, sha256 }: Archive,
  dest: string,
  image: string,
): readonly HostCommand[] {
  const folder = dest.slice(0, dest.lastIndexOf('/')) || '/';
  const load = lines([
    sh`p=${dest}`,
    shellText('refuse() { rm -f "$p"; echo "$1; nothing was loaded" >&2; exit 1; }'),
    sh`sum=$(${sums('sha256', false)})`,
    shellText(`sum=$(printf '%s' "$sum" | sed 's/.*\\([0-9a-f]\\{64\\}\\).*/\\1/')`),
    sh`case $sum in ${sha256}) ;; *) refuse "what arrived at $p has the SHA-256 $sum, not ${shellText(sha256)}: it was removed, try again" ;; esac`,
    // docker save names the configuration of each image by its id.
    shellText(
      `held=$(tar -xOf "$p" manifest.json 2>/dev/null | tr ',' '\\n' | sed -n 's/.*"Config": *"[^"]*\\([0-9a-f]\\{64\\}\\)[^"]*".*/sha256:\\1/p')`,
    ),
    sh`case $held in ''|*${image}*) ;; *) refuse "the archive holds $held, not "${image}": correct the one or the other" ;; esac`,
    sh`docker load -i "$p" && rm -f "$p"`,
  ]);
  return [
    { kind: 'run', script: sh`umask 077; mkdir -p ${folder}` },
    ...(start === bytes ? [] : [{ kind: 'append' as const, from: { file, start }, to: dest }]),
    { kind: 'run', script: load },
  ];
}
