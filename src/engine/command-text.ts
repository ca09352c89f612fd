import type { HostCommand } from '../actions/action.ts';
import { show } from '../shell/script.ts';
import { unreachable } from '../source/value.ts';

/** A command for those who review it, secrets masked. */
export function commandText(command: HostCommand): string {
  switch (command.kind) {
    case 'run': {
      const where = command.chdir === undefined ? '' : `cd ${command.chdir}; `;
      return `${where}${show(command.script)}`;
    }
    case 'upload':
    case 'append':
      return `upload to ${command.to}`;
    case 'keep':
      return `kept on this machine: ${command.to}`;
    case 'download':
      return `download of ${command.from} to ${command.to}`;
    default:
      return unreachable(command);
  }
}
