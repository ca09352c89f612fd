import { type Script, sh } from '../../shell/script.ts';
import type { AgentLink, Executor } from './facts.ts';

/** An executor whose link is to be shut. */
export interface Target {
  readonly executor: Executor;
  readonly link: AgentLink;
}

/** What `shutdown()` returned in each target. */
export interface Shut {
  readonly target: Target;
  readonly returned?: number;
  /** What was printed instead. */
  readonly said: string;
}

/** Long enough that no task's name can be one. */
const MARK = '@rollgate-shutdown';

/**
 * Shuts every target's link in one container: one gdb, attached to one executor after the other. Each link is looked
 * at once more just before: a descriptor may have come to hold something else since.
 * The cast is needed with and without debug symbols. Symbols of libc alone are read: a full load freezes an executor
 * for seconds, this for a fifth of one. gdb must never be ended half way: it leaves a breakpoint behind and the
 * executor dies of it.
 */
export function shutScript(targets: readonly Target[], image: string): Script {
  return {
    parts: [
      ...sh`set --
`.parts,
      ...targets.flatMap((target) => addTarget(target).parts),
      ...sh`[ $# -gt 0 ] || exit 0
exec docker run --rm --pid=host --net=none --cap-add SYS_PTRACE -v /:/host:ro ${image} gdb -n -q -batch -iex 'set sysroot /host' -iex 'set auto-solib-add off' -ex 'set width 0' -ex 'set height 0' "$@"`
        .parts,
    ],
  };
}

function addTarget({ executor: { pid }, link: { fd, inode } }: Target): Script {
  const mark = `${MARK} ${pid} ${fd}`;
  const commands = [
    `echo \\n${mark}\\n`,
    `file /proc/${pid}/exe`,
    `attach ${pid}`,
    'sharedlibrary libc.so',
    `call (int)shutdown(${fd},0)`,
    'detach',
  ];
  const words = commands.flatMap((command) => ['-ex', command]);
  return sh`if [ "$(readlink ${`/proc/${pid}/fd/${fd}`})" = ${`socket:[${inode}]`} ]; then set -- "$@" ${words}
else echo ${mark}; echo 'this descriptor holds another socket by now: left alone'; fi
`;
}

/** Reads each call's result back: gdb's own exit code is 0 even when a call failed. */
export function judge(targets: readonly Target[], output: string): readonly Shut[] {
  const pieces = new Map<string, string>();
  for (const piece of output.split(new RegExp(`^${MARK} `, 'm')).slice(1)) {
    const [head = '', ...rest] = piece.split('\n');
    pieces.set(head.trim(), rest.join('\n').trim());
  }
  return targets.map((target) => {
    const said = pieces.get(`${target.executor.pid} ${target.link.fd}`) ?? 'gdb said nothing about it';
    const returned = /^\$\d+ = (-?\d+)$/m.exec(said)?.[1];
    return { target, said, ...(returned === undefined ? {} : { returned: Number(returned) }) };
  });
}
