import type { SimulatedHost } from '../simulated/host.ts';

/** Runs gdb's commands as far as the procedure uses them, and prints what the real one was seen to print. Never fails. */
export function gdb(state: SimulatedHost, args: readonly string[]): string {
  const session = new Session(state);
  const given = args.filter((_, index) => args[index - 1] === '-ex').flatMap((text) => session.run(text));
  return given.map((line) => `${line}\n`).join('') + session.end();
}

class Session {
  readonly #state: SimulatedHost;
  #attached: number | undefined;
  #printed = 0;

  constructor(state: SimulatedHost) {
    this.#state = state;
  }

  run(text: string): readonly string[] {
    const [, verb = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
    switch (verb) {
      case 'attach':
        return this.#attach(Number(rest));
      case 'call':
      case 'print':
        return this.#call(rest);
      case 'detach':
        return this.#detach();
      case 'echo':
        return [rest.replaceAll('\\n', '\n').replace(/\n$/, '').replace(/^\n/, '')];
      default:
        return [];
    }
  }

  end(): string {
    return this.#detach()
      .map((line) => `${line}\n`)
      .join('');
  }

  #attach(pid: number): readonly string[] {
    if (!this.#state.processes.has(pid)) return ['ptrace: No such process.'];
    if (this.#state.spec.gdbCannotAttach === true) return ['ptrace: Operation not permitted.'];
    this.#attached = pid;
    if (this.#state.spec.gdbFreezes === true) this.#state.mesos?.freeze(pid, 60_000);
    return [
      `[New LWP ${pid + 1}]`,
      '[Thread debugging using libthread_db enabled]',
      '0x00007f79ac4a3f16 in ?? () from /proc/1/root/lib/x86_64-linux-gnu/libc.so.6',
    ];
  }

  #call(expression: string): readonly string[] {
    const [, cast, fd] = /^(\(int\))?\s*shutdown\s*\((-?\d+),\s*[012]\)$/.exec(expression) ?? [];
    if (fd === undefined) return [`No symbol "${expression}" in current context.`];
    if (this.#attached === undefined) return ["You can't do that without a process to debug."];
    if (cast === undefined) return ["'shutdown' has unknown return type; cast the call to its declared return type"];
    this.#printed += 1;
    return [`$${this.#printed} = ${this.#state.mesos?.shutdown(this.#attached, Number(fd)) ?? -1}`];
  }

  #detach(): readonly string[] {
    const pid = this.#attached;
    this.#attached = undefined;
    return pid === undefined ? [] : [`[Inferior 1 (process ${pid}) detached]`];
  }
}
