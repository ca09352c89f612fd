import { readFileSync, readlinkSync } from 'node:fs';

/** Which process, in a way that a reused pid or a reboot cannot confuse. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat; absent where there is no /proc. */
  readonly startTime?: string;
  readonly bootId?: string;
  /** Pids mean nothing in another namespace. */
  readonly pidNamespace?: string;
}

export function thisProcess(): ProcessIdentity {
  const startTime = statOf(process.pid)?.startTime;
  const boot = bootId();
  const space = pidNamespace();
  return {
    pid: process.pid,
    ...(startTime === undefined ? {} : { startTime }),
    ...(boot === undefined ? {} : { bootId: boot }),
    ...(space === undefined ? {} : { pidNamespace: space }),
  };
}

/** Whether the process still runs. In doubt it does: a hold that is kept too long costs a message, one taken over too early costs tasks. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (differ(identity.bootId, bootId())) return false;
  if (differ(identity.pidNamespace, pidNamespace())) return true;
  if (!existsProcess(identity.pid)) return false;
  const stat = statOf(identity.pid);
  return (
    stat === undefined || (stat.state !== 'Z' && stat.state !== 'X' && !differ(stat.startTime, identity.startTime))
  );
}

function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

function existsProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Undefined where /proc does not show it: no Linux, or `hidepid`. */
function statOf(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  const text = contentOf(`/proc/${pid}/stat`);
  // The name of the process stands in parentheses and may hold spaces and parentheses itself.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields?.[0], fields?.[19]];
  return state === undefined || startTime === undefined ? undefined : { state, startTime };
}

function bootId(): string | undefined {
  return contentOf('/proc/sys/kernel/random/boot_id')?.trim();
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
