import type { ClientChannel, ExecOptions } from 'ssh2';
import type { Link } from './link.ts';
import type { Launcher, Started } from './process.ts';
import type { Sessions } from './sessions.ts';
import { channelProcess } from './ssh-process.ts';

/** A terminal that changes no byte: no echo, no CR before LF. */
const TERMINAL: ExecOptions = {
  pty: { term: 'dumb', cols: 1024, rows: 24, modes: { ECHO: 0, OPOST: 0, ONLCR: 0, ISIG: 1 } } as never,
};

/** Starts commands on exec channels of a link. */
export function sshLauncher(link: Link, sessions: Sessions): Launcher {
  return {
    user: link.user,
    renew: () => link.setAside(),
    start: async (command, { terminal, abort }): Promise<Started> => {
      const opened = await sessions.open<ClientChannel>(
        (client, answer) => (terminal ? client.exec(command, TERMINAL, answer) : client.exec(command, answer)),
        abort,
      );
      if (!opened.ok) return opened;
      return { ok: true, process: channelProcess(opened.channel, () => link.lastError || 'the connection closed') };
    },
  };
}
