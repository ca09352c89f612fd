import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RECIPE = fileURLToPath(new URL('../../playbooks/files/gdb-image/build', import.meta.url));

/** An image with gdb as a playbook is given it. */
export interface GdbImage {
  readonly id: string;
  readonly archive: string;
  readonly sha256: string;
}

/** The image that the recipe builds. */
export function buildGdbImage(folder: string): GdbImage {
  const printed = execFileSync(RECIPE, [folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const given = (name: string) => new RegExp(`-e ${name}=(\\S+)`).exec(printed)?.[1] ?? '';
  return { id: given('gdb_image'), archive: given('gdb_archive'), sha256: given('gdb_archive_sha256') };
}

/**
 * The same image with a gdb that misbehaves as a host's /etc/gdb-mode says, on the process that /etc/gdb-victim names:
 * `crash` ends gdb in the middle of the call, `minus` calls on a descriptor that is not there, `kill` ends the executor
 * just before the call, `hang` holds it and does not come back.
 */
export function spoilGdbImage({ id }: GdbImage, folder: string): GdbImage {
  const root = mkdtempSync(join(tmpdir(), 'rollgate-spoilt-'));
  const docker = (...args: readonly string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim();
  try {
    const container = docker('create', id);
    execFileSync('sh', ['-c', `docker export ${container} | tar -xf - -C ${root}`]);
    docker('rm', container);
    execFileSync('mkdir', ['-p', join(root, 'bin')]);
    for (const name of ['busybox', 'sh', 'cat', 'kill', 'sed', 'sleep'])
      copyFileSync('/bin/busybox', join(root, 'bin', name));
    execFileSync('mv', [join(root, 'usr/bin/gdb'), join(root, 'usr/bin/gdb.real')]);
    writeFileSync(join(root, 'usr/bin/gdb'), WRAPPER);
    chmodSync(join(root, 'usr/bin/gdb'), 0o755);
    const env = 'ENV PATH=/usr/bin:/bin';
    execFileSync('sh', ['-c', `tar -cf - -C ${root} . | docker import --change '${env}' - rollgate-gdb-spoilt:test`]);
    const archive = join(folder, 'spoilt.tar');
    docker('save', '-o', archive, 'rollgate-gdb-spoilt:test');
    const sha256 = execFileSync('sha256sum', [archive], { encoding: 'utf8' }).split(' ')[0] ?? '';
    return { id: docker('images', '-q', '--no-trunc', 'rollgate-gdb-spoilt:test'), archive, sha256 };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const WRAPPER = `#!/bin/sh
victim=$(cat /proc/1/root/etc/gdb-victim 2>/dev/null)
case " $* " in *" attach $victim "*) ;; *) exec gdb.real "$@" ;; esac
case $(cat /proc/1/root/etc/gdb-mode) in
crash)
  # A breakpoint inside the called function: gdb stands in the middle of the call when it ends.
  exec gdb.real -nx -q -batch -iex "set sysroot /proc/$victim/root" -iex 'set auto-solib-add off' -ex "file /proc/$victim/exe" \\
    -ex "attach $victim" -ex 'sharedlibrary libc.so' -ex 'break shutdown' -ex 'print (int)shutdown(4,0)' \\
    -ex 'shell kill -9 $PPID' ;;
minus)
  exec gdb.real -nx -q -batch -iex "set sysroot /proc/$victim/root" -iex 'set auto-solib-add off' -ex "file /proc/$victim/exe" \\
    -ex "attach $victim" -ex 'sharedlibrary libc.so' -ex 'print (int)shutdown(999,0)' -ex detach ;;
hang)
  exec gdb.real -nx -q -batch -ex "attach $victim" -ex 'shell sleep 600' ;;
kill)
  kill -9 "$victim"
  exec gdb.real "$@" ;;
esac
exec gdb.real "$@"
`;
