import type { Command } from 'just-bash';
import type { Execution } from '../execution.ts';
import { dockerCommands } from './docker.ts';
import { dumpCommands } from './dump.ts';
import { httpCommands } from './http.ts';
import { networkCommands } from './network.ts';
import { linkCommands } from './proc-links.ts';
import { processCommands } from './processes.ts';
import { shellCommands } from './shell.ts';
import { sudoCommands } from './sudo.ts';
import { surveyCommands } from './survey.ts';
import { systemdCommands } from './systemd.ts';

/** What the in-memory shell lacks, and what belongs to the simulated host. */
export function hostCommands(execution: Execution): Command[] {
  const rooms = [
    shellCommands,
    processCommands,
    sudoCommands,
    dumpCommands,
    systemdCommands,
    dockerCommands,
    networkCommands,
    linkCommands,
    httpCommands,
    surveyCommands,
  ];
  return rooms.flatMap((room) => room(execution));
}
