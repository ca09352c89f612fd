import { lines, type Script, sh, shellText } from '../../shell/script.ts';
import { saidIn, sums } from '../file-facts.ts';

/** What a host says when it is asked for an image. */
export interface Found {
  readonly there: boolean;
  /** Of the archive: what an earlier attempt left. */
  readonly part?: { readonly bytes: number; readonly sha256: string };
  readonly space?: Space;
}

/** Where the archive goes, and where Docker keeps its images. */
export interface Space {
  readonly dest: Disk | undefined;
  readonly docker: Disk | undefined;
}

export interface Disk {
  readonly path: string;
  /** Tells one file system from another. */
  readonly mount: string;
  readonly freeBytes: number;
}

/** Read-only. `dest` is where the archive would go; undefined where none is sent. Fails only where Docker does not answer. */
export function question(image: string, dest: string | undefined): Script {
  const there = sh`images=$(docker images -q -a --no-trunc) || exit 1
printf '%s\\n' "$images" | grep -Fqx ${image} && { echo there=1; exit 0; }`;
  if (dest === undefined) return lines([there, shellText('exit 0')]);
  return lines([
    there,
    sh`p=${dest}`,
    shellText('[ -f "$p" ] && echo "bytes=$(wc -c <"$p")"'),
    sums('sha256', false),
    // The folder may have to be made: its disk is that of the nearest one that is there.
    shellText(`d=\${p%/*}; while [ -n "$d" ] && [ ! -d "$d" ]; do d=\${d%/*}; done; d=\${d:-/}
root=$(docker info 2>/dev/null | sed -n 's/^ *Docker Root Dir: *//p'); root=\${root:-/var/lib/docker}
echo "dest_path=$d"; echo "dest=$(df -Pk "$d" | tail -n 1)"
echo "docker_path=$root"; echo "docker=$(df -Pk "$root" | tail -n 1)"
exit 0`),
  ]);
}

export function readFound(printed: string): Found {
  const said = saidIn(printed);
  if (said('there') === '1') return { there: true };
  const sum = /\b[0-9a-f]{64}\b/.exec(said('sum') ?? '')?.[0];
  return {
    there: false,
    ...(sum === undefined ? {} : { part: { bytes: Number(said('bytes')), sha256: sum } }),
    space: { dest: diskIn(said('dest_path'), said('dest')), docker: diskIn(said('docker_path'), said('docker')) },
  };
}

/** A line of `df -Pk`; undefined where it is none. */
function diskIn(path: string | undefined, line: string | undefined): Disk | undefined {
  const [, freeKib, mount] = /\s\d+\s+-?\d+\s+(-?\d+)\s+\S+%\s+(\/.*)$/.exec(line ?? '') ?? [];
  if (path === undefined || freeKib === undefined || mount === undefined) return undefined;
  return { path, mount, freeBytes: Number(freeKib) * 1024 };
}
