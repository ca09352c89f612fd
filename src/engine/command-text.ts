import type { HostCommand } from '../actions/action.ts';
import { type Script, sh, show } from '../shell/script.ts';
import { unreachable } from '../source/value.ts';

/** A command as people see it, before the run and in it: what was approved can be held against what was done. */
export function commandText(command: HostCommand): string {
  switch (command.kind) {
    case 'run':
      return scriptText(command.script, command.chdir);
    case 'upload':
      return `upload to ${command.to}`;
    case 'append':
      return `upload to ${command.to}, from byte ${command.from.start} on`;
    case 'download':
      return `download of ${command.from} to ${command.to}`;
    case 'keep':
      return `keeping ${command.to}`;
    default:
      return unreachable(command);
  }
}

export function scriptText(script: Script, chdir: Script | undefined): string {
  return show(chdir === undefined ? script : sh`cd ${chdir} && ${script}`);
}
