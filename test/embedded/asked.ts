import { Bash } from 'just-bash';
import type { Asked, Clock } from '../../src/actions/action.ts';
import { render } from '../../src/shell/script.ts';
import { asked as here } from '../actions/machine.ts';
import { hostCommands } from './commands/index.ts';
import { layOut } from './execution.ts';
import type { SimulatedHost } from './simulated/host.ts';

/** A probe's way to a simulated host, without SSH. The bastion's clock and the host's go together. */
export function askedOn(state: SimulatedHost): Asked {
  layOut(state);
  let now = 0;
  const clock: Clock = {
    monotonic: () => now,
    now: () => new Date(now),
    sleep: async (ms) => {
      now += ms;
      state.advance(ms);
    },
  };
  return { ...here({ folder: '/', clock }), ask: async (script) => answer(state, render(script)) };
}

async function answer(state: SimulatedHost, text: string) {
  state.mesos?.settle();
  const nothing = { all: async () => Buffer.alloc(0), line: async () => undefined };
  const execution = {
    state,
    pid: 1,
    user: 'root',
    atExit: [],
    say: () => {},
    input: nothing,
    launch: async () => {},
  };
  const shell = new Bash({
    fs: state.fs,
    customCommands: hostCommands(execution),
    env: { PATH: '/usr/bin:/bin' },
    defenseInDepth: false,
  });
  const { stdout, stderr, exitCode } = await shell.exec(text, { rawScript: true });
  return { ok: true as const, code: exitCode, stdout, stderr };
}
