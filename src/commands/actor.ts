import { readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { Actor } from '../journal/event.ts';

/** Who types here: by sudo too, the person behind it. */
export function actorHere(env: NodeJS.ProcessEnv): Actor {
  const terminal = terminalName();
  const user = userInfo().username;
  return {
    user: env.SUDO_USER === undefined || env.SUDO_USER === user ? user : `${env.SUDO_USER} as ${user}`,
    bastion: hostname(),
    ...(terminal === undefined ? {} : { terminal }),
  };
}

/** `pts/3`; undefined where nobody sits at a terminal, or it cannot be told. */
function terminalName(): string | undefined {
  try {
    return /^\/dev\/((?:pts\/|tty)\w+)$/.exec(readlinkSync('/proc/self/fd/0'))?.[1];
  } catch {
    return undefined;
  }
}
