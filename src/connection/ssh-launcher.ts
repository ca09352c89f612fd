import type { ClientChannel, ExecOptions } from 'ssh2';
import type { Link } from './link.ts';
import type { Launcher, Process, Started } from './process.ts';
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
      let process: Process | undefined;
      const opened = await sessions.open<ClientChannel>((client, answer) => {
        // Listened to before anybody else has a turn: a quick command's exit comes in the same packet as the channel.
        const adopt = (error: Error | undefined, channel: ClientChannel): void => {
          if (error === undefined) process = channelProcess(channel, () => link.lastError || 'the connection closed');
          answer(error, channel);
        };
        return terminal ? client.exec(command, TERMINAL, adopt) : client.exec(command, adopt);
      }, abort);
      if (!opened.ok) return opened;
      if (process === undefined) throw new Error('a channel was opened without its process');
      return { ok: true, process };
    },
  };
}
